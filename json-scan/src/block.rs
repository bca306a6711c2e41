//! Sixteen bytes that are looked at together, by the SIMD instructions of the machine where it has any.

use wide::u8x16;

/// So many bytes.
pub const SIZE: usize = 16;

/// Sixteen bytes that are looked at together. Places among them are a bit each, that of the first byte lowest.
#[derive(Clone, Copy)]
pub struct Block(u8x16);

/// The places of the bits, one after another.
#[inline(always)]
pub fn each(mut places: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = places.trailing_zeros();
        places &= places.checked_sub(1)?;
        Some(place as usize)
    })
}

impl Block {
    #[inline(always)]
    pub fn new(bytes: &[u8; SIZE]) -> Self {
        Self(u8x16::new(*bytes))
    }

    /// Where this byte stands.
    #[inline(always)]
    pub fn places(self, byte: u8) -> u32 {
        self.0.simd_eq(u8x16::splat(byte)).to_bitmask()
    }

    /// Where a string in JSON ends, or has an escape, or what should be one.
    #[inline(always)]
    pub fn no_plain_text(self) -> u32 {
        self.places(b'"') | self.places(b'\\') | self.places_but_for(0, 0x1f)
    }

    /// Where bytes stand that have these bits and no others, but for those of `ignored`, of which `byte` has none.
    #[inline(always)]
    pub fn places_but_for(self, byte: u8, ignored: u8) -> u32 {
        Self(self.0 & u8x16::splat(!ignored)).places(byte)
    }
}
