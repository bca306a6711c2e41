//! The two editions of the controller, and the groups under which its own kinds exist.

use serde::Serialize;

/// The controller that people install, or the one that EKS Auto Mode runs under other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Edition {
    /// Installed in the cluster: groups `elbv2.k8s.aws` and `gateway.k8s.aws`.
    Standard,
    /// EKS Auto Mode: group `eks.amazonaws.com`.
    AutoMode,
}

impl Edition {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Standard, Self::AutoMode];

    /// The API version of TargetGroupBinding and IngressClassParams.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Standard => "elbv2.k8s.aws/v1beta1",
            Self::AutoMode => "eks.amazonaws.com/v1",
        }
    }

    /// The API version of TargetGroupConfiguration and LoadBalancerConfiguration. That of Auto Mode is not documented yet;
    /// it is assumed to be the group of its other kinds.
    pub fn gateway_api_version(self) -> &'static str {
        match self {
            Self::Standard => "gateway.k8s.aws/v1",
            Self::AutoMode => "eks.amazonaws.com/v1",
        }
    }

    /// The group of TargetGroupBinding and IngressClassParams.
    pub fn group(self) -> &'static str {
        match self {
            Self::Standard => "elbv2.k8s.aws",
            Self::AutoMode => "eks.amazonaws.com",
        }
    }

    /// The namespace label that makes it inject readiness gates into pods.
    pub fn readiness_gate_label(self) -> &'static str {
        match self {
            Self::Standard => "elbv2.k8s.aws/pod-readiness-gate-inject",
            Self::AutoMode => "eks.amazonaws.com/pod-readiness-gate-inject",
        }
    }
}
