//! What is shipped: the module in its host, its metadata and documents, the files to deploy it with, and the repository.

// Helpers are tests too: clippy asks for it.
#![cfg(test)]

mod deployment;
mod kustomize;
mod kwctl;
mod lookups;
mod module;
mod packaging;
mod release;
mod repository;
mod rules;
mod test_data;
