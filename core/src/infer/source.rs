//! A layer's inputs, in the order in which its weights are stored.

/// `u8` activations, and the order in which to read them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The activations, in their own order.
    pub(super) activations: &'a [u8],
    pub(super) order: Order<'a>,
    /// Every activation index in the order is below this.
    reach: usize,
}

/// The order of the inputs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order<'a> {
    /// The original order, with the number of inputs.
    Plain(usize),
    /// The order given by a list.
    Listed(Listed<'a>),
}

/// Input number `i` is activation number `list[i]` (little-endian). Every number is below the list's length; kernels
/// rely on this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a>(&'a [u16]);

impl<'a> Listed<'a> {
    /// Returns `None` if a number is not below the list's length.
    #[cfg(any(test, feature = "cases"))]
    pub(crate) fn new(list: &'a [u16]) -> Option<Self> {
        list.iter().all(|&from| usize::from(u16::from_le(from)) < list.len()).then_some(Self(list))
    }

    /// A list that parsing has already validated.
    pub(crate) const fn checked(list: &'a [u16]) -> Self {
        Self(list)
    }

    /// The list.
    pub(crate) const fn numbers(&self) -> &'a [u16] {
        self.0
    }
}

impl<'a> Source<'a> {
    /// `activations` in this order; missing ones count as 0.
    pub(crate) const fn new(activations: &'a [u8], order: Order<'a>) -> Self {
        let reach = match order {
            Order::Plain(inputs) => inputs,
            Order::Listed(order) => order.0.len(),
        };
        Self { activations, order, reach }
    }

    /// Inputs `start` to `start + len`, or fewer if there are not that many.
    pub(crate) fn part(&self, start: usize, len: usize) -> Self {
        let len = len.min(self.inputs().saturating_sub(start));
        match self.order {
            Order::Plain(_) => Self::new(self.activations.get(start..).unwrap_or_default(), Order::Plain(len)),
            Order::Listed(order) => {
                let order = order.0.get(start..start + len).unwrap_or_default();
                Self { order: Order::Listed(Listed(order)), ..*self }
            }
        }
    }

    /// `I`
    pub(crate) const fn inputs(&self) -> usize {
        match self.order {
            Order::Plain(inputs) => inputs,
            Order::Listed(order) => order.numbers().len(),
        }
    }

    /// Input number `i`; 0 if it is missing.
    #[cfg(any(
        test,
        feature = "cases",
        not(any(foldnet_kernel = "armv6m", foldnet_kernel = "armv7m", foldnet_kernel = "mve"))
    ))]
    #[inline(always)]
    pub(crate) fn at(&self, i: usize) -> u8 {
        let from = match self.order {
            Order::Plain(_) => i,
            Order::Listed(order) => order.numbers().get(i).map_or(usize::MAX, |&from| u16::from_le(from).into()),
        };
        self.activations.get(from).copied().unwrap_or(0)
    }

    /// Whether no input is missing.
    pub(crate) const fn is_whole(&self) -> bool {
        self.activations.len() >= self.reach
    }
}
