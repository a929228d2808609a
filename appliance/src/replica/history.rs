//! Two histories under the name of one cluster: whether one leads to the other, and which of two
//! that parted stays.
//!
//! Histories part when a member is promoted in place of a primary member that still changes
//! something, or on two sides at once. Then, at the first contact, the sides compare the first eras
//! that differ. A side that began a new era stays against one that goes on in the old one: someone
//! deleted its primary member. Of two new eras that which more members began stays, then that which
//! knows more changes, then that of the larger random name. It is an order of all histories, so
//! that of any number of sides exactly one stays. *Assumed*: the guide has such members reset.

use luna_rest::peers::{Era, History};

/// How another history stands to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// It goes on where ours ends.
    Ahead,
    /// It is ours, or an earlier part of it.
    Known,
    /// They parted, and ours stays.
    Loses,
    /// They parted, and the other one stays.
    Wins,
}

/// The relation of another history to ours, and the last change that both know.
pub(super) fn compare(ours: &History, theirs: &History) -> (Relation, u64) {
    let common = ours.eras.iter().zip(&theirs.eras).take_while(|(a, b)| a == b).count();
    let last = |history: &History, next: Option<&Era>| {
        next.map_or(history.at.change, |era| era.began.saturating_sub(1))
    };
    let (our, their) = (ours.eras.get(common), theirs.eras.get(common));
    let known = last(ours, our).min(last(theirs, their));
    let relation = match (our, their) {
        (None, None) if theirs.at.change > ours.at.change => Relation::Ahead,
        (None, None) => Relation::Known,
        (None, Some(_)) if ours.at.change == known => Relation::Ahead,
        (None, Some(_)) => Relation::Wins,
        (Some(_), None) if theirs.at.change == known => Relation::Known,
        (Some(_), None) => Relation::Loses,
        (Some(our), Some(their)) => {
            let rank = |era: &Era| (era.members, era.began, era.id);
            if rank(their) > rank(our) { Relation::Wins } else { Relation::Loses }
        }
    };
    (relation, known)
}

#[cfg(test)]
mod tests {
    use luna_rest::peers::Position;
    use proptest::prelude::*;

    use super::*;

    fn history(eras: &[(u64, u64, u64)], change: u64) -> History {
        let era = |(place, (began, members, id)): (usize, &(u64, u64, u64))| Era {
            era: place as u64 + 1,
            began: *began,
            id: *id,
            members: *members,
        };
        let eras: Vec<Era> = eras.iter().enumerate().map(era).collect();
        let at = eras.last().map_or(Position::default(), |era| Position {
            era: era.era,
            change: change.max(era.began),
            id: era.id,
        });
        History { at, eras }
    }

    #[test]
    fn a_member_that_was_away_is_no_parted_one() {
        let behind = history(&[(1, 1, 7)], 5);
        let ahead = history(&[(1, 1, 7), (6, 2, 8)], 9);
        assert_eq!(compare(&behind, &ahead), (Relation::Ahead, 5));
        assert_eq!(compare(&ahead, &behind), (Relation::Known, 5));
        assert_eq!(compare(&ahead, &ahead), (Relation::Known, 9));
    }

    #[test]
    fn a_new_era_stays_and_the_primary_that_went_on_does_not() {
        let deleted = history(&[(1, 4, 7)], 6);
        let new = history(&[(1, 4, 7), (6, 1, 8)], 6);
        assert_eq!(compare(&deleted, &new), (Relation::Wins, 5));
        assert_eq!(compare(&new, &deleted), (Relation::Loses, 5));
    }

    #[test]
    fn of_two_new_eras_that_of_more_members_stays() {
        let many = history(&[(1, 4, 7), (6, 2, 1)], 6);
        let few = history(&[(1, 4, 7), (8, 1, 9), (9, 1, 9)], 20);
        assert_eq!(compare(&few, &many), (Relation::Wins, 5));
        assert_eq!(compare(&many, &few), (Relation::Loses, 5));
    }

    proptest! {
        /// Of any histories that begin alike exactly one is beaten by no other.
        #[test]
        fn exactly_one_stays(
            sides in proptest::collection::vec(
                (proptest::collection::vec((2..9_u64, 1..3_u64, 0..3_u64), 0..3), 1..12_u64),
                1..6,
            ),
        ) {
            let side = |(new, change): &(Vec<(u64, u64, u64)>, u64)| {
                let mut eras = vec![(1, 1, 7)];
                let mut began = 1;
                for (step, members, id) in new {
                    began += step;
                    eras.push((began, *members, *id));
                }
                history(&eras, *change)
            };
            let sides: Vec<History> = sides.iter().map(side).collect();
            let beaten = |ours: &History| sides.iter().any(|theirs| compare(ours, theirs).0 == Relation::Wins);
            let stay: Vec<&History> = sides.iter().filter(|ours| !beaten(ours)).collect();
            prop_assert!(!stay.is_empty());
            for (ours, theirs) in stay.iter().flat_map(|a| stay.iter().map(move |b| (a, b))) {
                let (there, back) = (compare(ours, theirs).0, compare(theirs, ours).0);
                prop_assert!(matches!(there, Relation::Ahead | Relation::Known), "{ours:?} {theirs:?}");
                prop_assert!(there == Relation::Known || back == Relation::Known);
            }
        }
    }
}
