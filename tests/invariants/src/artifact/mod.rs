//! Compiled components on disk: what is not wholly root's, or not as it was
//! when it was compiled, is never mapped.

mod alteration;
mod ground;

use alteration::Alteration;
use arbitrary::Unstructured;
use ground::Ground;

use crate::workspace::Workspace;

/// Alterations of one input.
const MOST: usize = 6;

/// One input: what is done to an installed component, in order.
pub fn artifact(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let workspace = Workspace::of_this_thread("artifact");
    let base = workspace.fresh("base");
    let ground = Ground::new(base);
    for _ in 0..MOST {
        let Ok(alteration) = Alteration::choose(&mut input) else {
            break;
        };
        // What can't be done, such as to write to a directory, is left out.
        let _ = ground.alter(&alteration);
        if input.is_empty() {
            break;
        }
    }
    ground.check();
    ground.make_removable();
}
