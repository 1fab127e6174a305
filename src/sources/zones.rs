//! Local times as moments, and moments as local times, so that both are sorted alike.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// A local time in UTC: of an hour that exists twice the earlier, of one that does not exist the moment at
/// which clocks leap over it. So a later local time is never an earlier moment, and what a database sorts
/// by local time is sorted by moments.
pub fn to_utc(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let moment = zone.from_local_datetime(&local).earliest().or_else(|| GapInfo::new(&local, &zone)?.end);
    moment.map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
}

/// Whether clocks leap at a moment: the one that stands for every local time they leap over too.
pub fn leaps(zone: Tz, moment: DateTime<Utc>) -> bool {
    let local = moment.with_timezone(&zone).naive_local();
    let before = local.checked_sub_signed(TimeDelta::seconds(1));
    before.is_some_and(|before| zone.from_local_datetime(&before).earliest().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_local_time_is_never_an_earlier_moment() {
        for zone in [chrono_tz::Europe::Paris, chrono_tz::America::Sao_Paulo, chrono_tz::Australia::Lord_Howe]
        {
            for year in [2017, 2024] {
                let start =
                    chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
                let mut last = to_utc(zone, start);
                let mut leapt = 0;
                for step in 1..366 * 24 * 12 {
                    let local = start + TimeDelta::minutes(5 * step);
                    let moment = to_utc(zone, local);
                    assert!(moment >= last, "{zone} {local}");
                    if moment == last {
                        assert!(leaps(zone, moment), "{zone} {local}");
                        leapt += 1;
                    }
                    last = moment;
                }
                assert_eq!(leapt > 0, zone != chrono_tz::America::Sao_Paulo || year == 2017, "{zone} {year}");
            }
        }
    }
}
