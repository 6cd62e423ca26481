//! Do two classifiers of different kinds read the same digit?
//!
//! One is the judge, a perceptron; the other a vote of the nearest reference images. Both learnt from real images, and
//! there they agree almost always. What they make of an image that is no digit depends on how they work: the judge
//! extrapolates, the vote does not, and they part.
//!
//! ```text
//! agreement = 1/n #{ i : judge(x_i) = vote(x_i) }
//! ```

use super::judge::DIGITS;
use super::nearest::Neighbour;

/// Share of samples whose digit according to the judge (`read`, one per sample) is the one that its `neighbours` in
/// the reference, whose digits are `labels`, vote for.
pub(super) fn agreement(read: &[u8], neighbours: &[Vec<Neighbour>], labels: &[u8]) -> f64 {
    let agreed = read
        .iter()
        .zip(neighbours)
        .filter(|(digit, nearest)| vote(nearest, labels) == Some(**digit))
        .count();
    agreed as f64 / read.len() as f64
}

/// The digit that most of the neighbours (nearest first) show; where several digits have as many votes, the one among
/// them that stands nearest. `None` if nobody votes.
fn vote(neighbours: &[Neighbour], labels: &[u8]) -> Option<u8> {
    let ballots = || neighbours.iter().map(|neighbour| labels[neighbour.image]);
    let mut votes = [0; DIGITS];
    ballots().for_each(|digit| votes[usize::from(digit)] += 1);
    let most = votes.iter().max()?;
    ballots().find(|&digit| votes[usize::from(digit)] == *most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neighbours that show the given digits, nearest first; the reference holds them in reverse, behind a nine.
    fn neighbours(digits: &[u8]) -> (Vec<Neighbour>, Vec<u8>) {
        let mut labels = vec![9];
        labels.extend(digits.iter().rev());
        let neighbours = (0..digits.len())
            .map(|rank| Neighbour {
                image: digits.len() - rank,
                distance: rank as f64,
            })
            .collect();
        (neighbours, labels)
    }

    fn verdict(digits: &[u8]) -> Option<u8> {
        let (neighbours, labels) = neighbours(digits);
        vote(&neighbours, &labels)
    }

    /// Catches a tie that goes to the smaller digit, or to the nearest image though its digit has fewer votes.
    #[test]
    fn the_majority_wins_and_ties_go_to_the_nearest() {
        assert_eq!(verdict(&[3, 7, 7, 7, 3]), Some(7));
        assert_eq!(verdict(&[7, 3, 3, 7, 1]), Some(7));
        assert_eq!(verdict(&[1, 7, 3, 3, 7]), Some(7));
        assert_eq!(verdict(&[4, 2, 0, 1, 3]), Some(4));
        assert_eq!(verdict(&[]), None);
    }

    /// Votes 7, 7, 7 against the readings 7, 3, 7: two of three.
    #[test]
    fn agreement_counts_equal_readings() {
        let (nearest, labels) = neighbours(&[3, 7, 7, 7, 3]);
        let found = agreement(&[7, 3, 7], &vec![nearest; 3], &labels);
        assert!((found - 2.0 / 3.0).abs() < 1e-12, "{found}");
    }
}
