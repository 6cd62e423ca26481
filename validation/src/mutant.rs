//! Faults that a simulator may have, planted on purpose.

/// A block of parameters whose gradient may be wrong, one for each kind of term that has a derivative of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// The highest order of a unit alone.
    Sextic,
    /// g (x - y)^2.
    Spring,
    /// m x^2 y^2.
    Biquadratic,
    /// w of A ln cosh(w x + a).
    HiddenWeights,
    /// u of s (u x)^2 / 2.
    ModeShape,
    /// Couplings of two layers.
    LayerWeights,
    /// Biases of a layer that passes on a bounded signal.
    LayerBias,
    /// One end of the buses between two modules.
    BusEnds,
}

impl Term {
    /// Name of its block in the energies of `laws::energies`.
    #[must_use]
    pub const fn block(self) -> &'static str {
        match self {
            Self::Sextic => "sites.sextic",
            Self::Spring => "pairs.spring",
            Self::Biquadratic => "pairs.x2y2",
            Self::HiddenWeights => "hidden.weights",
            Self::ModeShape => "modes.shape",
            Self::LayerWeights => "weights.1",
            Self::LayerBias => "bias.1",
            Self::BusEnds => "left.0",
        }
    }
}

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
    /// Normals are multiples of a 64th.
    CoarseNormals,
    /// The generator turns a word by one bit too many.
    OtherRotation,
    /// A drift that does not commute with its transpose is taken for its symmetric part.
    NormalDrift,
    /// Work, heat and moments are added up as they come, in single precision.
    NaiveSums,
    /// The last entry of one block of a parameter gradient is a thousandth too large.
    Gradient(Term),
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
            Self::CoarseNormals => "normals on a grid of 1/64",
            Self::OtherRotation => "generator turned by a bit too many",
            Self::NormalDrift => "drift taken for its symmetric part",
            Self::NaiveSums => "sums kept in single precision",
            Self::Gradient(Term::Sextic) => "gradient of `sites.sextic` .1 % off",
            Self::Gradient(Term::Spring) => "gradient of `pairs.spring` .1 % off",
            Self::Gradient(Term::Biquadratic) => "gradient of `pairs.x2y2` .1 % off",
            Self::Gradient(Term::HiddenWeights) => "gradient of `hidden.weights` .1 % off",
            Self::Gradient(Term::ModeShape) => "gradient of `modes.shape` .1 % off",
            Self::Gradient(Term::LayerWeights) => "gradient of `weights.1` .1 % off",
            Self::Gradient(Term::LayerBias) => "gradient of `bias.1` .1 % off",
            Self::Gradient(Term::BusEnds) => "gradient of `left.0` .1 % off",
        }
    }
}
