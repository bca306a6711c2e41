//! The two groups under which the controller's own kinds exist.

/// The controller that people install, or the one that EKS Auto Mode runs under other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// Installed in the cluster: group `elbv2.k8s.aws`.
    Standard,
    /// EKS Auto Mode: group `eks.amazonaws.com`.
    AutoMode,
}

impl Edition {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Standard, Self::AutoMode];

    /// The API version of its own kinds.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Standard => "elbv2.k8s.aws/v1beta1",
            Self::AutoMode => "eks.amazonaws.com/v1",
        }
    }

    /// The group of its own kinds.
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
