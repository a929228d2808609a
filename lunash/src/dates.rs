//! Dates in the forms of the product's programs, made from those of REST. What cannot be read stays as it
//! is.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, PrimitiveDateTime};

const REST: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const REST_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

fn moment(text: &str, format: &[BorrowedFormatItem<'_>]) -> String {
    let moment = PrimitiveDateTime::parse(text, REST).ok();
    moment.and_then(|moment| moment.format(format).ok()).unwrap_or_else(|| text.to_owned())
}

/// `Feb 27 15:28`
pub(crate) fn without_year(text: &str) -> String {
    moment(text, format_description!("[month repr:short] [day padding:space] [hour]:[minute]"))
}

/// `Mar 15 2017 10:18`
pub(crate) fn with_year(text: &str) -> String {
    moment(
        text,
        format_description!("[month repr:short] [day padding:space] [year] [hour]:[minute]"),
    )
}

/// `Feb 27, 2017`, `days` later than the date that was given.
pub(crate) fn date(text: &str, days: i64) -> String {
    let date = Date::parse(text, REST_DATE).ok();
    date.and_then(|date| date.checked_add(Duration::days(days)))
        .and_then(|date| date.format(format_description!("[month repr:short] [day], [year]")).ok())
        .unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_forms_of_the_product() {
        assert_eq!(without_year("2017-02-27 15:28:41"), "Feb 27 15:28");
        assert_eq!(without_year("2017-03-02 09:00:00"), "Mar  2 09:00");
        assert_eq!(with_year("2017-03-15 10:18:00"), "Mar 15 2017 10:18");
        assert_eq!(date("2017-02-27", 0), "Feb 27, 2017");
        assert_eq!(date("2017-02-27", 7), "Mar 06, 2017");
        assert_eq!(with_year("soon"), "soon");
        assert_eq!(date("soon", i64::MAX), "soon");
    }
}
