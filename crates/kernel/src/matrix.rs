//! Coupling matrices, packed for the order in which the loops read them.
//!
//! Each row is summed in the order of its columns, whatever the packing, tile or path: that
//! order is part of a run's bits.

use crate::simd::{Chunk, Kernel, Lanes, Lanes32, Real};

/// A matrix that multiplies the states of sixteen chains at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Matrix<T> {
    /// Every entry.
    Dense(Panels<T>),
    /// The entries that are not zero.
    Sparse(Rows<T>),
}

impl<T: Real> Matrix<T> {
    /// Below this share of entries it is cheaper to look units up than to multiply by zeros
    /// (measured at 144 units, AVX-512).
    const SPARSE_BELOW: f64 = 0.34;

    /// The `rows` x `columns` matrix with these entries (row, column, value); entries of
    /// the same place are summed.
    ///
    /// # Panics
    /// If an entry lies outside of the matrix, there are more than 2^32 columns, or the matrix does not fit into the
    /// addresses of the machine.
    #[must_use]
    pub fn of_entries(rows: usize, columns: usize, entries: &[(usize, usize, T)]) -> Self {
        if (entries.len() as f64) < Self::SPARSE_BELOW * rows as f64 * columns as f64 {
            return Self::sparse(rows, columns, entries);
        }
        let mut values = vec![T::default(); rows * columns];
        for &(row, column, value) in entries {
            values[row * columns + column] += value;
        }
        Self::dense(rows, columns, |row, column| values[row * columns + column])
    }

    /// The same as rows of entries, however many there are.
    ///
    /// # Panics
    /// If an entry lies outside of the matrix, or there are more than 2^32 columns.
    #[must_use]
    pub fn sparse(rows: usize, columns: usize, entries: &[(usize, usize, T)]) -> Self {
        Self::Sparse(Rows::new(rows, columns, entries))
    }

    /// The `rows` x `columns` matrix of a function.
    #[must_use]
    pub fn dense(rows: usize, columns: usize, value: impl Fn(usize, usize) -> T) -> Self {
        Self::Dense(Panels::new(rows, columns, value))
    }

    /// Rows and columns.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        match self {
            Self::Dense(panels) => (panels.rows, panels.columns),
            Self::Sparse(rows) => (rows.starts.len() - 1, rows.columns),
        }
    }

    /// Rows that a product writes: those of the matrix and perhaps some zeros.
    pub(crate) const fn padded_rows(&self) -> usize {
        match self {
            Self::Dense(panels) => panels.padded_rows,
            Self::Sparse(rows) => rows.starts.len() - 1,
        }
    }

    /// Adds the product with `input` (columns x W) to `output` (padded rows x W), or puts it
    /// there.
    #[inline(always)]
    pub(crate) fn multiply<N: Lanes32, const W: usize>(
        &self,
        input: &[Chunk<T>],
        output: &mut [Chunk<T>],
        start: Start,
    ) {
        N::separately(Multiply::<T, W> {
            matrix: self,
            input,
            output,
            start,
        });
    }
}

/// A product, as a loop of its own: it is called from several places, and large.
struct Multiply<'a, T, const W: usize> {
    matrix: &'a Matrix<T>,
    input: &'a [Chunk<T>],
    output: &'a mut [Chunk<T>],
    start: Start,
}

impl<T: Real, const W: usize> Kernel for Multiply<'_, T, W> {
    type Output = ();

    #[inline(always)]
    fn run<N: Lanes32>(self) {
        let (input, output, start) = (self.input, self.output, self.start);
        match self.matrix {
            Matrix::Dense(panels) => panels.multiply::<T::Lanes<N>, W>(input, output, start),
            Matrix::Sparse(rows) => rows.multiply::<T::Lanes<N>, W>(input, output, start),
        }
    }
}

/// What a product's sums start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Zero: the output is overwritten.
    Zero,
    /// What the output holds.
    Output,
}

impl Start {
    #[inline(always)]
    fn load<L: Lanes>(self, output: &Chunk<L::Scalar>) -> L {
        match self {
            Self::Zero => L::splat(L::Scalar::default()),
            Self::Output => L::load(output),
        }
    }
}

/// A dense matrix as panels of a few rows, column by column within each panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels<T> {
    rows: usize,
    columns: usize,
    height: usize,
    padded_rows: usize,
    values: Vec<T>,
}

impl<T: Real> Panels<T> {
    fn new(rows: usize, columns: usize, value: impl Fn(usize, usize) -> T) -> Self {
        // Twelve rows of two chunks keep AVX-512's registers full; smaller panels waste
        // fewer rows of a small matrix.
        let cost = |height: usize| rows.next_multiple_of(height) * (height + 1) * 24 / height;
        let height = [12, 8, 4].into_iter().min_by_key(|&h| cost(h)).unwrap_or(4);
        let padded_rows = rows.next_multiple_of(height);
        let mut values = Vec::with_capacity(padded_rows * columns);
        for panel in (0..padded_rows).step_by(height) {
            for column in 0..columns {
                for row in panel..panel + height {
                    values.push(if row < rows {
                        value(row, column)
                    } else {
                        T::default()
                    });
                }
            }
        }
        Self {
            rows,
            columns,
            height,
            padded_rows,
            values,
        }
    }

    #[inline(always)]
    fn multiply<L: Lanes<Scalar = T>, const W: usize>(
        &self,
        input: &[Chunk<T>],
        output: &mut [Chunk<T>],
        start: Start,
    ) {
        // A tile of sums stays in registers while it passes over the columns: twelve rows of
        // all chunks where there are registers for it, else six rows of one chunk at a time.
        match (self.height, L::MANY_REGISTERS) {
            (12, true) => self.tiles::<L, 12, 12, W, W>(input, output, start),
            (12, false) => self.tiles::<L, 12, 6, 1, W>(input, output, start),
            (8, true) => self.tiles::<L, 8, 8, W, W>(input, output, start),
            (8, false) => self.tiles::<L, 8, 4, 1, W>(input, output, start),
            (_, true) => self.tiles::<L, 4, 4, W, W>(input, output, start),
            (_, false) => self.tiles::<L, 4, 4, 1, W>(input, output, start),
        }
    }

    /// All tiles of `TILE` rows and `G` chunks in panels of `HEIGHT` rows and `W` chunks.
    #[inline(always)]
    fn tiles<
        L: Lanes<Scalar = T>,
        const HEIGHT: usize,
        const TILE: usize,
        const G: usize,
        const W: usize,
    >(
        &self,
        input: &[Chunk<T>],
        output: &mut [Chunk<T>],
        start: Start,
    ) {
        if self.columns == 0 {
            return; // No units: there is nothing to add, and no panel to cut.
        }
        let panels = self.values.chunks_exact(self.columns * HEIGHT);
        let (input, _) = input.as_chunks::<W>();
        for (panel, output) in panels.zip(output.chunks_exact_mut(HEIGHT * W)) {
            let (panel, _) = panel.as_chunks::<HEIGHT>();
            for (index, output) in output.chunks_exact_mut(TILE * W).enumerate() {
                for chunk in (0..W).step_by(G) {
                    tile::<L, HEIGHT, TILE, G, W>(panel, index * TILE, chunk, input, output, start);
                }
            }
        }
    }
}

/// The sums of `TILE` rows of a panel for `G` chunks, from row `first` and chunk `chunk` on.
#[inline(always)]
fn tile<L: Lanes, const HEIGHT: usize, const TILE: usize, const G: usize, const W: usize>(
    panel: &[[L::Scalar; HEIGHT]],
    first: usize,
    chunk: usize,
    input: &[[Chunk<L::Scalar>; W]],
    output: &mut [Chunk<L::Scalar>],
    start: Start,
) {
    let (output, _) = output.as_chunks_mut::<W>();
    let mut sums = [[L::splat(L::Scalar::default()); G]; TILE];
    for row in 0..TILE {
        for g in 0..G {
            sums[row][g] = start.load(&output[row][chunk + g]);
        }
    }
    for (values, input) in panel.iter().zip(input) {
        let values = &values[first..first + TILE];
        let mut states = [L::splat(L::Scalar::default()); G];
        for g in 0..G {
            states[g] = L::load(&input[chunk + g]);
        }
        for row in 0..TILE {
            let value = L::splat(values[row]);
            for g in 0..G {
                sums[row][g] = value.mul_add(states[g], sums[row][g]);
            }
        }
    }
    for row in 0..TILE {
        for g in 0..G {
            sums[row][g].store(&mut output[row][chunk + g]);
        }
    }
}

/// A sparse matrix row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows<T> {
    columns: usize,
    starts: Vec<usize>,
    entries: Vec<(u32, T)>,
}

impl<T: Real> Rows<T> {
    fn new(rows: usize, columns: usize, entries: &[(usize, usize, T)]) -> Self {
        assert!(
            u32::try_from(columns).is_ok(),
            "columns are numbered in 32 bits"
        );
        // Counting sort by row, then each row by column: linear in the number of entries.
        let mut starts = vec![0; rows + 1];
        for &(row, column, _) in entries {
            assert!(column < columns, "an entry lies outside of the matrix");
            starts[row + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut sorted = vec![(0, T::default()); entries.len()];
        let mut free = starts.clone();
        for &(row, column, value) in entries {
            sorted[free[row]] = (column as u32, value);
            free[row] += 1;
        }
        for range in starts.windows(2) {
            sorted[range[0]..range[1]].sort_by_key(|&(column, _)| column);
        }
        Self {
            columns,
            starts,
            entries: sorted,
        }
    }

    #[inline(always)]
    fn multiply<L: Lanes<Scalar = T>, const W: usize>(
        &self,
        input: &[Chunk<T>],
        output: &mut [Chunk<T>],
        start: Start,
    ) {
        let (output, _) = output.as_chunks_mut::<W>();
        let (input, _) = input.as_chunks::<W>();
        for (range, output) in self.starts.windows(2).zip(output) {
            let mut sums = [L::splat(T::default()); W];
            for w in 0..W {
                sums[w] = start.load(&output[w]);
            }
            for &(column, value) in &self.entries[range[0]..range[1]] {
                let states = &input[column as usize];
                let value = L::splat(value);
                for w in 0..W {
                    sums[w] = value.mul_add(L::load(&states[w]), sums[w]);
                }
            }
            for w in 0..W {
                sums[w].store(&mut output[w]);
            }
        }
    }
}
