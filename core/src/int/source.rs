//! A layer's inputs, in the order in which its weights lie.

/// `u8` activations, and the order in which they are taken.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    x: &'a [u8],
    order: Order<'a>,
}

/// In which order the inputs are taken.
#[derive(Debug, Clone, Copy)]
pub enum Order<'a> {
    /// As they come; so many.
    Plain(usize),
    /// Input number `i` is activation number `order[i]` (little-endian).
    Listed(&'a [u16]),
}

impl<'a> Source<'a> {
    /// `x` in this order; activations that `x` does not have count as 0.
    pub const fn new(x: &'a [u8], order: Order<'a>) -> Self {
        Self { x, order }
    }

    /// `I`
    pub const fn inputs(&self) -> usize {
        match self.order {
            Order::Plain(inputs) => inputs,
            Order::Listed(order) => order.len(),
        }
    }

    /// Input number `i`, 0 where there is none.
    #[inline(always)]
    pub fn at(&self, i: usize) -> u8 {
        let from = match self.order {
            Order::Plain(_) => i,
            Order::Listed(order) => order.get(i).map_or(usize::MAX, |&from| u16::from_le(from).into()),
        };
        self.x.get(from).copied().unwrap_or(0)
    }

    /// Whether no input is missing.
    pub const fn is_whole(&self) -> bool {
        self.x.len() >= self.inputs()
    }

    /// The activations, in their own order.
    pub const fn activations(&self) -> &'a [u8] {
        self.x
    }

    /// The order.
    pub const fn order(&self) -> Order<'a> {
        self.order
    }
}
