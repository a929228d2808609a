//! The hardware sensors of the emulated appliance: all is well, and readings sway a little.

use luna_rest::status::Sensor;

use crate::request::context::Context;

/// Name in paths, name, unit, the middle of its readings, how far they sway, and what is well.
#[rustfmt::skip]
const SENSORS: [(&str, &str, &str, f64, f64, f64, f64); 10] = [
    ("cpu_temp",    "CPU Temp",    "degrees C", 41.0,   2.0,   5.0,    85.0),
    ("system_temp", "System Temp", "degrees C", 29.0,   1.0,   5.0,    65.0),
    ("fan1",        "FAN 1",       "RPM",       5300.0, 100.0, 1000.0, 9000.0),
    ("fan2",        "FAN 2",       "RPM",       5300.0, 100.0, 1000.0, 9000.0),
    ("fan3",        "FAN 3",       "RPM",       5200.0, 100.0, 1000.0, 9000.0),
    ("psu1",        "PS1 Status",  "state",     1.0,    0.0,   1.0,    1.0),
    ("psu2",        "PS2 Status",  "state",     1.0,    0.0,   1.0,    1.0),
    ("v3_3",        "3.3V",        "Volts",     3.312,  0.016, 3.0,    3.6),
    ("v5",          "5V",          "Volts",     5.04,   0.03,  4.5,    5.5),
    ("v12",         "12V",         "Volts",     12.12,  0.06,  10.8,   13.2),
];

/// Every sensor with its name in paths.
pub(crate) fn all(cx: &Context<'_>) -> Vec<(&'static str, Sensor)> {
    let minute = cx.now.unix_timestamp().div_euclid(60);
    let number = cx.state.hsm.hsm.get().serial;
    let read = |(place, &(id, name, unit, middle, sway, low, high)): (
        i64,
        &(_, &str, &str, f64, f64, f64, f64),
    )| {
        // One of the three readings -1, 0, +1, other ones for each sensor, minute and appliance.
        let third = (minute * 7 + place * 5 + i64::from(number as u32 % 3)).rem_euclid(3) - 1;
        let value = match third {
            -1 => middle - sway,
            1 => middle + sway,
            _ => middle,
        };
        let value = (value * 1000.0).round() / 1000.0;
        let well = value >= low && value <= high;
        let status = if well { "ok" } else { "critical" }.to_owned();
        let (name, unit) = (name.to_owned(), unit.to_owned());
        (id, Sensor { name, value, unit, status, low, high })
    };
    (0..).zip(&SENSORS).map(read).collect()
}
