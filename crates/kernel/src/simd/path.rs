//! Which instructions a run uses: detected, or forced by name.

use std::fmt;

use super::{Array, Kernel};

/// A set of instructions that this machine is known to have.
///
/// Every path gives the same bits; they differ in speed only.
///
/// ```
/// use overdamped_kernel::Path;
/// assert!(Path::available().contains(&Path::best()));
/// assert_eq!(Path::named("portable")?, Path::PORTABLE);
/// assert!(Path::named("abacus").is_err());
/// # Ok::<(), overdamped_kernel::PathError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path(Instructions);

/// Private, so that a path with intrinsics is made only after detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// A path that does not exist, or not on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the instruction path `{name}` is not available; this machine has {available}")]
pub struct PathError {
    /// The name asked for.
    pub name: String,
    /// The names that exist here.
    pub available: String,
}

impl Path {
    /// The path without intrinsics, which every machine has.
    pub const PORTABLE: Self = Self(Instructions::Portable);

    /// All paths of this machine, fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut paths = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                paths.push(Self(Instructions::Avx512));
            }
            if avx2 {
                paths.push(Self(Instructions::Avx2));
            }
        }
        paths.push(Self::PORTABLE);
        paths
    }

    /// The fastest path of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// The path with a name: `avx512`, `avx2` or `portable`.
    ///
    /// # Errors
    /// [`PathError`] if there is no such path, or the machine lacks it.
    pub fn named(name: &str) -> Result<Self, PathError> {
        let available = Self::available();
        let found = available.iter().find(|path| path.name() == name);
        found.copied().ok_or_else(|| PathError {
            name: name.to_owned(),
            available: available
                .iter()
                .map(|path| path.name())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            Instructions::Portable => "portable",
        }
    }

    /// Runs a kernel compiled for this path.
    #[inline]
    pub(crate) fn execute<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: the value was made by `available`, which detected the instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { super::avx512::execute(kernel) },
            // SAFETY: likewise.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { super::avx2::execute(kernel) },
            Instructions::Portable => kernel.run::<Array<f32>>(),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
