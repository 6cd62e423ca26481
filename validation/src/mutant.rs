//! Faults that a simulator may have, planted on purpose.

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Noise stronger by the root of two: 4 mu kT in the place of 2 mu kT.
    StrongNoise,
    /// Euler-Maruyama under the name of Leimkuhler-Matthews.
    EulerByAnotherName,
    /// The couplings have the wrong sign.
    WrongSign,
    /// The last coupling is lost.
    LostCoupling,
    /// All units sit in the bath of the first.
    OneBath,
    /// The second unit's bath is warmer by half.
    WarmUnit,
    /// Time runs a tenth too slowly.
    SlowClock,
    /// The quartic force is a twentieth too strong.
    StrongQuartic,
    /// The thirty-two chains of a block share the noise of the first.
    SharedNoise,
    /// Work is booked with the wrong sign.
    WorkSign,
    /// The first switch of a protocol is booked a tenth too low.
    LostSwitch,
    /// Heat is booked to the neighbour's bath.
    SwappedHeat,
    /// The seed depends on the number of threads.
    ThreadSeed,
    /// Chains are numbered anew in each batch.
    BatchSeed,
    /// A resumed run draws other noise.
    ForgottenStream,
    /// The plain loops round otherwise than the lanes do.
    OtherRounding,
    /// Normals are a thousandth too wide.
    WideNormals,
    /// Normals beyond four are cut off.
    CutTails,
    /// Each normal keeps a thousandth of the one before.
    LinkedNormals,
}

impl Mutant {
    /// One line for people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::StrongNoise => "noise too strong by the root of 2",
            Self::EulerByAnotherName => "Euler-Maruyama called Leimkuhler-Matthews",
            Self::WrongSign => "couplings of the wrong sign",
            Self::LostCoupling => "a coupling lost",
            Self::OneBath => "all units in the first unit's bath",
            Self::WarmUnit => "one bath warmer by half",
            Self::SlowClock => "time a tenth too slow",
            Self::StrongQuartic => "quartic force 5 % too strong",
            Self::SharedNoise => "32 chains share their noise",
            Self::WorkSign => "work of the wrong sign",
            Self::LostSwitch => "work booked a tenth too low",
            Self::SwappedHeat => "heat booked to the other bath",
            Self::ThreadSeed => "seed depends on the threads",
            Self::BatchSeed => "chains numbered anew in each batch",
            Self::ForgottenStream => "a resumed run draws other noise",
            Self::OtherRounding => "one path rounds otherwise",
            Self::WideNormals => "normals .1 % too wide",
            Self::CutTails => "normals cut off at 4",
            Self::LinkedNormals => "normals correlated by .1 %",
        }
    }
}
