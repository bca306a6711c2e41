//! What to do about a finding: which object, which field, which value; safe to apply here, or why not.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::exposure::{Backend, ExposerDetails, Exposure, Role};
use crate::controller::annotations::{
    INGRESS_HEALTH_CHECK_PORT, INGRESS_TARGET_TYPE, NLB_HEALTH_CHECK_PORT, NLB_TARGET_TYPE,
};
use crate::controller::{
    RefusedHealthCheckPort, Source, TargetTypeField, could_be_served_in_instance_mode, health_check_port_of_ingress,
    refused_health_check_port, target_type_is_of_aws,
};
use crate::edit::{Edit, Step, keys};
use crate::kubernetes::{Kind, ObjectRef};
use crate::request::Operation;
use crate::settings::Settings;

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Change the admitted object, which the policy can do.
    Fix(Fix),
    /// Change something else, or the object in a way that the policy must not choose.
    Instead(Instead),
}

/// A change of the admitted object that makes the controller serve the Service. The setting `mode` says whether it is
/// applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// `spec.targetType: ip` and the annotation on a TargetGroupBinding, whose node selector `ip` refuses.
    TargetGroupBinding {
        /// Whether there is a node selector to remove.
        removes_node_selector: bool,
    },
    /// The target type annotation on an Ingress.
    Ingress,
    /// The Ingress target type annotation on a Service behind an Ingress.
    ServiceBehindIngress,
    /// The NLB target type annotation on an NLB Service.
    LoadBalancer,
    /// `spec.targetType: ip` of IngressClassParams.
    IngressClassParams,
    /// `targetType: ip` in the part of a TargetGroupConfiguration that decides.
    TargetGroupConfiguration(TargetTypeField),
}

/// What to do where the admitted object is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// The stored binding's target type can never be changed.
    RecreateBinding,
    /// AWS says that the target group of the binding is of type instance, which can never be changed.
    NewTargetGroup,
    /// The TargetGroupBinding is what to change.
    ChangeBinding,
    /// These IngressClassParams override every annotation.
    ChangeClassParams(ObjectRef),
    /// The Service's own annotation wins over the Ingress'.
    ChangeServiceAnnotation,
    /// Annotate the Service; on the Ingress, the annotation would move this other backend too.
    AnnotateService(Option<Moved>),
    /// The controller refuses this health check port by name.
    NumberHealthCheckPort {
        /// The port.
        port: RefusedHealthCheckPort,
        /// The object that says so.
        object: ObjectRef,
        /// Where: an annotation, or a field of a TargetGroupConfiguration.
        field: &'static str,
        /// Where the target type is to be set too.
        target_type: &'static str,
    },
    /// The load balancer serves another Service that would be moved to ip mode too.
    SplitLoadBalancer(Moved),
    /// The NLB Service is what to change.
    ChangeLoadBalancer,
    /// This TargetGroupConfiguration is what to change.
    ChangeConfiguration {
        /// The configuration.
        configuration: ObjectRef,
        /// The field.
        field: TargetTypeField,
    },
    /// The Service needs a TargetGroupConfiguration of its own.
    ConfigureService,
    /// The controller was told not to use ip mode: only another Service helps.
    OtherService,
    /// The Service is to be created, or the reference corrected.
    CreateService,
}

/// A backend that a change would move to ip mode too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The Service.
    pub service: ObjectRef,
    /// What is known of it.
    pub why: MovedWhy,
}

/// Why a backend must not be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedWhy {
    /// Instance mode can serve it today.
    Works,
    /// It does not exist yet, and may be born with node ports.
    Missing,
    /// It could not be looked up.
    Unknown,
}

/// What a remedy depends on besides the finding.
pub struct Case<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The admitted object.
    pub admitted: &'a ObjectRef,
    /// What is done to it.
    pub operation: Operation,
    /// Whether the stored binding, if the admitted object is one, can still become one of type ip.
    pub binding_can_change: bool,
    /// Everything that was found to be served.
    pub exposures: &'a [Exposure],
}

impl Case<'_> {
    /// What to do about an exposure.
    pub fn remedy(&self, exposure: &Exposure) -> Remedy {
        if matches!(exposure.backend, Backend::Missing) {
            return Remedy::Instead(Instead::CreateService);
        }
        match exposure.role {
            Role::TargetGroupBinding(_) => self.of_binding(exposure),
            Role::Route(_) => self.of_route(exposure),
            _ if !self.settings.controller.feature_gates.ip_target_type => Remedy::Instead(Instead::OtherService),
            Role::Ingress(_) => self.of_ingress(exposure),
            Role::LoadBalancer(_) | Role::WeightedAction(_) => self.of_load_balancer(exposure),
        }
    }

    /// LBC `webhooks/elbv2/targetgroupbinding_validator.go` checkImmutableFields: `spec.targetType` can never be changed,
    /// and from unset to set is a change too. checkNodeSelector: a node selector is refused with `ip`.
    fn of_binding(&self, exposure: &Exposure) -> Remedy {
        let ExposerDetails::Binding(binding) = &exposure.details else {
            return Remedy::Instead(Instead::ChangeBinding);
        };
        if exposure.exposer != *self.admitted {
            return Remedy::Instead(Instead::ChangeBinding);
        }
        if !self.binding_can_change {
            return Remedy::Instead(Instead::RecreateBinding);
        }
        let is_of_aws = self.operation == Operation::Create
            && binding.spec.target_type == "instance"
            && target_type_is_of_aws(binding);
        if is_of_aws {
            return Remedy::Instead(Instead::NewTargetGroup);
        }
        Remedy::Fix(Fix::TargetGroupBinding { removes_node_selector: binding.spec.node_selector.0 })
    }

    fn of_ingress(&self, exposure: &Exposure) -> Remedy {
        let ExposerDetails::Ingress(ingress, owner) = &exposure.details else {
            return Remedy::Instead(Instead::AnnotateService(None));
        };
        let params = owner
            .params
            .as_ref()
            .map(|params| ObjectRef::new(Kind::IngressClassParams(owner.edition), "", &params.metadata.name));
        if params.as_ref() == Some(self.admitted) {
            return self.of_params(exposure, params);
        }
        if let Source::Field { object, .. } = exposure.source() {
            return Remedy::Instead(Instead::ChangeClassParams(object.clone()));
        }
        if let Some(port) = refused_of_ingress(exposure) {
            return Remedy::Instead(port);
        }
        if exposure.service == *self.admitted {
            return Remedy::Fix(Fix::ServiceBehindIngress);
        }
        if exposure.exposer != *self.admitted {
            return Remedy::Instead(Instead::AnnotateService(None));
        }
        if exposure.source().object() == Some(&exposure.service) {
            return Remedy::Instead(Instead::ChangeServiceAnnotation);
        }
        let object = ObjectRef::new(Kind::Ingress, &ingress.metadata.namespace, &ingress.metadata.name);
        let moved = self.moved(exposure, &|other| {
            let is_of_ingress = other.is_decided_by(&object) || !matches!(other.backend, Backend::Found(_));
            is_of_ingress && (other.may_work_in_instance_mode() || refused_of_ingress(other).is_some())
        });
        match moved {
            Some(moved) => Remedy::Instead(Instead::AnnotateService(Some(moved))),
            None => Remedy::Fix(Fix::Ingress),
        }
    }

    /// IngressClassParams decide for every Ingress of their classes.
    fn of_params(&self, exposure: &Exposure, params: Option<ObjectRef>) -> Remedy {
        if let Some(port) = refused_of_ingress(exposure) {
            return Remedy::Instead(port);
        }
        let is_moved = self.exposures.iter().any(|other| match &other.backend {
            Backend::Found(service) => could_be_served_in_instance_mode(service) || refused_of_ingress(other).is_some(),
            Backend::Missing | Backend::Unknown => true,
        });
        match (is_moved, exposure.source(), params) {
            (false, ..) => Remedy::Fix(Fix::IngressClassParams),
            (true, Source::Field { .. }, Some(params)) => Remedy::Instead(Instead::ChangeClassParams(params)),
            (true, ..) => Remedy::Instead(Instead::AnnotateService(None)),
        }
    }

    /// The annotations of an NLB Service decide for all that it forwards to.
    fn of_load_balancer(&self, exposure: &Exposure) -> Remedy {
        if exposure.exposer != *self.admitted {
            return Remedy::Instead(Instead::ChangeLoadBalancer);
        }
        if let Some(moved) = self.moved(exposure, &Exposure::may_work_in_instance_mode) {
            return Remedy::Instead(Instead::SplitLoadBalancer(moved));
        }
        let ExposerDetails::LoadBalancer(base) = &exposure.details else {
            return Remedy::Instead(Instead::ChangeLoadBalancer);
        };
        // LBC `pkg/service/model_build_target_group.go` buildTargetGroupTuples: the base's annotation is for all.
        let setting = base.metadata.annotation(NLB_HEALTH_CHECK_PORT);
        let of_load_balancer = self.exposures.iter().filter(|other| other.exposer == exposure.exposer);
        let mut services = of_load_balancer.filter_map(|other| other.backend.service());
        match services.find_map(|service| refused_health_check_port(setting, service)) {
            Some(port) => Remedy::Instead(Instead::NumberHealthCheckPort {
                port,
                object: exposure.exposer.clone(),
                field: NLB_HEALTH_CHECK_PORT,
                target_type: NLB_TARGET_TYPE,
            }),
            None => Remedy::Fix(Fix::LoadBalancer),
        }
    }

    /// A backend of the same object, other than that of the exposure, that must not be moved.
    fn moved(&self, exposure: &Exposure, is_moved: &dyn Fn(&Exposure) -> bool) -> Option<Moved> {
        let mut others = self
            .exposures
            .iter()
            .filter(|other| other.exposer == exposure.exposer && other.service != exposure.service && is_moved(other));
        others.next().map(|other| Moved {
            service: other.service.clone(),
            why: match other.backend {
                Backend::Found(_) => MovedWhy::Works,
                Backend::Missing => MovedWhy::Missing,
                Backend::Unknown => MovedWhy::Unknown,
            },
        })
    }

    fn of_route(&self, exposure: &Exposure) -> Remedy {
        let ExposerDetails::Route { configuration, health_check_port, .. } = &exposure.details else {
            return Remedy::Instead(Instead::ConfigureService);
        };
        let (object, field) = match (exposure.source(), configuration) {
            (Source::Field { object, field, by_way_of: None }, _) => (object.clone(), *field),
            (Source::Field { object, field, .. }, _) if object == self.admitted => (object.clone(), *field),
            (_, Some(of_service)) => (of_service.clone(), TargetTypeField::DefaultConfiguration),
            (_, None) => return self.without_configuration(exposure, health_check_port.as_deref()),
        };
        let refused =
            exposure.backend.service().and_then(|it| refused_health_check_port(health_check_port.as_deref(), it));
        if let Some(port) = refused {
            return Remedy::Instead(Instead::NumberHealthCheckPort {
                port,
                object,
                field: "healthCheckConfig.healthCheckPort",
                target_type: "targetType",
            });
        }
        let is_default = matches!(exposure.source(), Source::Field { by_way_of: Some(_), .. });
        if object != *self.admitted {
            return Remedy::Instead(Instead::ChangeConfiguration { configuration: object, field });
        }
        if is_default && self.moves_another_service(exposure) {
            return Remedy::Instead(Instead::ConfigureService);
        }
        Remedy::Fix(Fix::TargetGroupConfiguration(field))
    }

    fn without_configuration(&self, exposure: &Exposure, health_check_port: Option<&str>) -> Remedy {
        let refused = exposure.backend.service().and_then(|it| refused_health_check_port(health_check_port, it));
        match (refused, exposure.source().object()) {
            (Some(port), Some(object)) => Remedy::Instead(Instead::NumberHealthCheckPort {
                port,
                object: object.clone(),
                field: "healthCheckConfig.healthCheckPort",
                target_type: "targetType",
            }),
            _ => Remedy::Instead(Instead::ConfigureService),
        }
    }

    /// A default configuration decides for every Service that has no type of its own.
    fn moves_another_service(&self, exposure: &Exposure) -> bool {
        self.exposures.iter().any(|other| {
            other.service != exposure.service && other.is_decided_by(self.admitted) && other.may_work_in_instance_mode()
        })
    }
}

/// The health check port that ip mode refuses: the Service's annotation is read first.
fn refused_of_ingress(exposure: &Exposure) -> Option<Instead> {
    let (ExposerDetails::Ingress(ingress, _), Some(service)) = (&exposure.details, exposure.backend.service()) else {
        return None;
    };
    let (setting, _) = health_check_port_of_ingress(ingress, service)?;
    let port = refused_health_check_port(Some(setting), service)?;
    Some(Instead::NumberHealthCheckPort {
        port,
        object: exposure.service.clone(),
        field: INGRESS_HEALTH_CHECK_PORT,
        target_type: INGRESS_TARGET_TYPE,
    })
}

/// The path of a field that decides a target type.
fn path_of(field: TargetTypeField) -> Vec<Step> {
    match field {
        TargetTypeField::Spec => keys(&["spec", "targetType"]),
        TargetTypeField::DefaultConfiguration => keys(&["spec", "defaultConfiguration", "targetType"]),
        TargetTypeField::RouteConfiguration(index) => {
            let mut path = keys(&["spec", "routeConfigurations"]);
            path.push(Step::Index(index));
            path.extend(keys(&["targetGroupProps", "targetType"]));
            path
        }
    }
}

impl Fix {
    /// The changes of the admitted object.
    pub fn edits(&self) -> Vec<Edit> {
        match self {
            Self::TargetGroupBinding { removes_node_selector } => {
                let mut edits =
                    vec![Edit::annotate(INGRESS_TARGET_TYPE, "ip"), Edit::set(path_of(TargetTypeField::Spec), "ip")];
                if *removes_node_selector {
                    edits.push(Edit::remove(keys(&["spec", "nodeSelector"])));
                }
                edits
            }
            Self::Ingress | Self::ServiceBehindIngress => vec![Edit::annotate(INGRESS_TARGET_TYPE, "ip")],
            Self::LoadBalancer => vec![Edit::annotate(NLB_TARGET_TYPE, "ip")],
            Self::IngressClassParams => vec![Edit::set(path_of(TargetTypeField::Spec), "ip")],
            Self::TargetGroupConfiguration(field) => vec![Edit::set(path_of(*field), "ip")],
        }
    }

    /// The field that is set.
    pub fn field(&self) -> String {
        match self {
            Self::TargetGroupBinding { .. } | Self::IngressClassParams => TargetTypeField::Spec.to_string(),
            Self::Ingress | Self::ServiceBehindIngress => field_of_annotation(INGRESS_TARGET_TYPE),
            Self::LoadBalancer => field_of_annotation(NLB_TARGET_TYPE),
            Self::TargetGroupConfiguration(field) => field.to_string(),
        }
    }
}

fn field_of_annotation(key: &str) -> String {
    format!("metadata.annotations[{key}]")
}

/// What a remedy changes: an object, a field of it, and the value to set; nothing where the object is to be made or replaced.
pub struct Change<'a> {
    /// The object.
    pub object: &'a ObjectRef,
    /// The field.
    pub field: Option<String>,
}

impl Remedy {
    /// What is to be changed.
    pub fn change<'a>(&'a self, service: &'a ObjectRef, exposer: &'a ObjectRef, admitted: &'a ObjectRef) -> Change<'a> {
        let of_spec = || Some(TargetTypeField::Spec.to_string());
        let annotation = |key: &str| Some(field_of_annotation(key));
        let (object, field) = match self {
            Self::Fix(fix) => (admitted, Some(fix.field())),
            Self::Instead(instead) => match instead {
                Instead::RecreateBinding | Instead::ChangeBinding => (exposer, of_spec()),
                Instead::NewTargetGroup => (exposer, None),
                Instead::ChangeClassParams(params) => (params, of_spec()),
                Instead::ChangeServiceAnnotation | Instead::AnnotateService(_) => {
                    (service, annotation(INGRESS_TARGET_TYPE))
                }
                Instead::NumberHealthCheckPort { object, field, .. } if field.contains('/') => {
                    (object, annotation(field))
                }
                Instead::NumberHealthCheckPort { object, field, .. } => (object, Some((*field).to_owned())),
                Instead::SplitLoadBalancer(_) | Instead::ChangeLoadBalancer => (exposer, annotation(NLB_TARGET_TYPE)),
                Instead::ChangeConfiguration { configuration, field } => (configuration, Some(field.to_string())),
                Instead::ConfigureService | Instead::OtherService | Instead::CreateService => (service, None),
            },
        };
        Change { object, field }
    }

    /// The name of what is to be done, for those who read data.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fix(_) => "fix",
            Self::Instead(instead) => match instead {
                Instead::RecreateBinding | Instead::ChangeBinding => "recreateBinding",
                Instead::NewTargetGroup => "newTargetGroup",
                Instead::ChangeClassParams(_) => "changeClassParams",
                Instead::ChangeServiceAnnotation | Instead::AnnotateService(_) => "annotateService",
                Instead::NumberHealthCheckPort { .. } => "numberHealthCheckPort",
                Instead::SplitLoadBalancer(_) => "splitLoadBalancer",
                Instead::ChangeLoadBalancer => "changeLoadBalancer",
                Instead::ChangeConfiguration { .. } => "changeConfiguration",
                Instead::ConfigureService => "configureService",
                Instead::OtherService => "otherService",
                Instead::CreateService => "createService",
            },
        }
    }
}

/// A remedy as data.
pub struct RemedyData<'a> {
    /// The remedy.
    pub remedy: &'a Remedy,
    /// What it changes.
    pub change: Change<'a>,
}

impl Serialize for RemedyData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("Remedy", 5)?;
        data.serialize_field("action", self.remedy.name())?;
        data.serialize_field("object", self.change.object)?;
        if let Some(field) = &self.change.field {
            data.serialize_field("field", field)?;
        }
        let sets_ip =
            !matches!(self.remedy, Remedy::Instead(Instead::NumberHealthCheckPort { .. } | Instead::NewTargetGroup));
        if self.change.field.is_some() && sets_ip {
            data.serialize_field("value", "ip")?;
        }
        data.serialize_field("safe", &matches!(self.remedy, Remedy::Fix(_)))?;
        data.end()
    }
}
