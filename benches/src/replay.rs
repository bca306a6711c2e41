//! The empty policy that makes the host calls of another one: what a host spends on an evaluation, whatever the guest does.

use crate::meter::Measured;

/// The bytes of the module that are written over; as in `benches/repeating-policy`.
const UNWRITTEN: [u8; 64] = [0xa5; 64];
/// The room for what is written.
const ROOM: usize = 160 * 1024;

/// The repeating policy, told to make the host calls of `measured`, in their order and to the letter, and to answer what
/// `measured` did.
///
/// # Errors
/// A module that is not the repeating policy; more calls than there is room for.
pub fn module_that_repeats(mut repeating: Vec<u8>, measured: &Measured) -> Result<Vec<u8>, String> {
    let mut script = length(measured.calls.len())?.to_vec();
    for call in &measured.calls {
        for part in [call.namespace.as_bytes(), call.operation.as_bytes(), &call.payload] {
            add(&mut script, part)?;
        }
    }
    add(&mut script, &measured.answer)?;
    let start =
        repeating.windows(UNWRITTEN.len()).position(|bytes| bytes == UNWRITTEN).ok_or("no room for a script")?;
    let room = repeating.get_mut(start..start + ROOM).ok_or("no room for a script")?;
    room.get_mut(..script.len()).ok_or("the script is too long")?.copy_from_slice(&script);
    Ok(repeating)
}

fn add(script: &mut Vec<u8>, part: &[u8]) -> Result<(), String> {
    script.extend(length(part.len())?);
    script.extend(part);
    Ok(())
}

fn length(length: usize) -> Result<[u8; 4], String> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(|error| error.to_string())
}
