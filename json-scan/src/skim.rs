//! Finding the end of a JSON list or map by its quotes and brackets alone.
//!
//! It does not tell whether the text is JSON: it is for text that an API server wrote, and saves most of what parsing costs.

use crate::block::{Block, SIZE, each};

/// What is known at a place in the text.
#[derive(Default)]
struct Skim {
    /// How many containers are open.
    depth: u32,
    /// All bits where the place is in a string, else none.
    in_string: u32,
    /// Whether a backslash stands right before the place, which is not escaped itself.
    is_escaped: bool,
}

/// The place behind the list or the map that begins at `at`; none where it does not end, or is nested deeper than
/// `max_depth` at the end of a block.
pub fn skim(bytes: &[u8], mut at: usize, max_depth: u32) -> Option<usize> {
    let mut state = Skim::default();
    while let Some(next) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let block = Block::new(next);
        let last = if state.is_escaped || block.places(b'\\') != 0 {
            next.iter().position(|byte| state.ends_with(*byte))
        } else {
            state.end_in(block)
        };
        if let Some(last) = last {
            return Some(at + last + 1);
        }
        if state.depth > max_depth {
            return None;
        }
        at += SIZE;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let last = rest.iter().position(|byte| state.ends_with(*byte))?;
    Some(at + last + 1)
}

impl Skim {
    /// Takes a block without escapes: the place in it with which the container ends, if it does.
    #[inline(always)]
    fn end_in(&mut self, block: Block) -> Option<usize> {
        // A place is in a string where the number of quotes up to there is odd: which bits are, in four steps.
        let mut in_string = block.places(b'"');
        for distance in [1, 2, 4, 8] {
            in_string ^= in_string << distance;
        }
        in_string ^= self.in_string;
        self.in_string = (in_string >> (SIZE - 1) & 1).wrapping_neg();
        // `[` and `{` differ in one bit, and `]` and `}` in the same.
        let opening = block.places_but_for(b'[', b'[' ^ b'{') & !in_string;
        let closing = block.places_but_for(b']', b'[' ^ b'{') & !in_string;
        if self.depth > closing.count_ones() {
            self.depth = self.depth + opening.count_ones() - closing.count_ones();
            return None;
        }
        each(opening | closing).find(|place| self.bracket(opening >> place & 1 == 1))
    }

    /// Takes one byte: whether the container ends with it.
    fn ends_with(&mut self, byte: u8) -> bool {
        let is_in_string = self.in_string != 0;
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = is_in_string,
            b'"' => self.in_string = !self.in_string,
            b'[' | b'{' if !is_in_string => return self.bracket(true),
            b']' | b'}' if !is_in_string => return self.bracket(false),
            _ => {}
        }
        false
    }

    /// Takes a bracket: whether the container ends with it.
    fn bracket(&mut self, is_opening: bool) -> bool {
        self.depth = if is_opening { self.depth.saturating_add(1) } else { self.depth.saturating_sub(1) };
        self.depth == 0
    }
}
