//! The module answers as the native core does.

use aws_headless_service_policy::cluster::HostCalls;
use aws_headless_service_policy::validate;
use e2e_tests::engine::Wasm;

use crate::check_often;
use crate::judged::Request;
use crate::laws::cluster_and_object;

/// A module is started for each run.
const RUNS: u64 = 200;

#[test]
fn native_and_module_agree_byte_for_byte() {
    let wasm = Wasm::built().expect("policy.wasm; `make policy.wasm` builds it");
    check_often(RUNS, |random| {
        let (cluster, object) = cluster_and_object(random)?;
        let mode = random.choose(&["reject", "mutate", "warn"])?;
        let request = Request::create(&cluster, mode, &object);
        let (payload, stored) = (request.payload(), request.stored());
        let host = HostCalls::new(|call| {
            let answer = stored.look_up(call.operation, call.request, None);
            answer.response.map_err(|text| format!("Host error: {text}"))
        });
        let native = validate(&payload, &host);
        let call = wasm.policy.validate_payload(&payload, &stored).expect("a module that starts");
        let (native, wasm) = (String::from_utf8(native.response).expect("UTF-8"), call.answer.expect("an answer"));
        assert_eq!(native, String::from_utf8(wasm).expect("UTF-8"), "{}", String::from_utf8_lossy(&payload));
        Ok(())
    });
}
