//! The hardware sensors of the emulated appliance: all is well, and readings sway a little.

use luna_rest::status::Sensor;

use crate::request::context::Context;

/// Name in paths, name, unit, the middle of its readings, how far they sway, and the thresholds: what is
/// critically low, low, high, and critically high.
type Row = (&'static str, &'static str, &'static str, f64, f64, [Option<f64>; 4]);

#[rustfmt::skip]
const SENSORS: [Row; 33] = [
    ("fan1a", "Fan1A", "RPM", 3700.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("fan1b", "Fan1B", "RPM", 4900.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("fan2a", "Fan2A", "RPM", 3700.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("fan2b", "Fan2B", "RPM", 5100.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("fan3a", "Fan3A", "RPM", 3800.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("fan3b", "Fan3B", "RPM", 5100.0, 100.0, [Some(1000.0), Some(2000.0), None, None]),
    ("cpu", "CPU", "degrees C", 26.0, 1.0, [None, None, Some(95.0), Some(100.0)]),
    ("vrd", "VRD", "degrees C", 28.0, 1.0, [None, None, Some(105.0), Some(110.0)]),
    ("pch", "PCH", "degrees C", 29.0, 1.0, [None, None, Some(99.0), Some(104.0)]),
    ("inlet", "Inlet", "degrees C", 24.0, 1.0, [None, None, Some(87.0), Some(97.0)]),
    ("cha_dimm_0", "CHA DIMM 0", "degrees C", 11.0, 1.0, [None, None, Some(87.0), Some(97.0)]),
    ("ram_tmax", "RAM TMax", "degrees C", 11.0, 1.0, [None, None, None, None]),
    ("12v", "+12V", "Volts", 12.24, 0.01, [None, Some(11.16), Some(12.9), None]),
    ("5v", "+5V", "Volts", 5.25, 0.01, [None, Some(4.65), Some(5.37), None]),
    ("3vmain", "3VMain", "Volts", 3.42, 0.01, [None, Some(3.06), Some(3.54), None]),
    ("5vsb", "5VSB", "Volts", 5.25, 0.01, [None, Some(4.65), Some(5.37), None]),
    ("3vsb", "3VSB", "Volts", 3.4, 0.01, [None, Some(3.06), Some(3.54), None]),
    ("cpu_vcore", "CPU_VCORE", "Volts", 0.33, 0.01, [None, None, None, None]),
    ("vccsa", "VCCSA", "Volts", 1.06, 0.01, [None, Some(0.98), Some(1.13), None]),
    ("vccio", "VCCIO", "Volts", 0.97, 0.01, [None, Some(0.88), Some(1.02), None]),
    ("1v2", "1V2", "Volts", 1.25, 0.01, [None, Some(1.13), Some(1.29), None]),
    ("2v5_vpp", "2V5_VPP", "Volts", 2.54, 0.01, [None, Some(2.32), Some(2.68), None]),
    ("1v0_pch", "1V0_PCH", "Volts", 1.01, 0.01, [None, Some(0.93), Some(1.08), None]),
    ("1v5_bmc", "1V5_BMC", "Volts", 1.55, 0.01, [None, Some(1.47), Some(1.93), None]),
    ("1v26_bmc", "1V26_BMC", "Volts", 1.27, 0.01, [None, Some(1.17), Some(1.35), None]),
    ("1v8_aux", "1V8_AUX", "Volts", 1.82, 0.01, [None, Some(1.67), Some(1.93), None]),
    ("vbat", "VBAT", "Volts", 3.22, 0.01, [Some(2.1), Some(2.5), None, None]),
    ("psu1_12v_value", "PSU1_+12V_value", "Volts", 12.36, 0.01, [None, Some(10.8), Some(13.2), None]),
    ("psu1_temp_value", "PSU1 Temp_value", "degrees C", 33.0, 1.0, [None, None, Some(50.0), None]),
    ("psu1_fan_value", "PSU1 FAN_value", "RPM", 4600.0, 100.0, [Some(1000.0), Some(1300.0), None, None]),
    ("psu2_12v_value", "PSU2_+12V_value", "Volts", 12.3, 0.01, [None, Some(10.8), Some(13.2), None]),
    ("psu2_temp_value", "PSU2 Temp_value", "degrees C", 32.0, 1.0, [None, None, Some(50.0), None]),
    ("psu2_fan_value", "PSU2 FAN_value", "RPM", 4700.0, 100.0, [Some(1000.0), Some(1300.0), None, None]),
];

/// Every sensor with its name in paths.
pub(crate) fn all(cx: &Context<'_>) -> Vec<(&'static str, Sensor)> {
    let minute = cx.now.unix_timestamp().div_euclid(60);
    let number = cx.state.hsm.hsm.get().serial;
    let read = |(place, &(id, name, unit, middle, sway, thresholds)): (i64, &Row)| {
        // One of the three readings -1, 0, +1, other ones for each sensor, minute and appliance.
        let third = (minute * 7 + place * 5 + i64::from(number as u32 % 3)).rem_euclid(3) - 1;
        let value = match third {
            -1 => middle - sway,
            1 => middle + sway,
            _ => middle,
        };
        let value = (value * 1000.0).round() / 1000.0;
        let [critical_low, low, high, critical_high] = thresholds;
        let low = low.or(critical_low).unwrap_or(f64::MIN);
        let high = high.or(critical_high).unwrap_or(f64::MAX);
        let status = if (low..=high).contains(&value) { "ok" } else { "CR *" }.to_owned();
        let (name, unit, thresholds) = (name.to_owned(), unit.to_owned(), thresholds.to_vec());
        (id, Sensor { name, value, unit, status, low, high, thresholds })
    };
    (0..).zip(&SENSORS).map(read).collect()
}

/// What is told behind the readings: power supplies, fans, chassis.
pub(crate) fn report(cx: &Context<'_>) -> Vec<String> {
    let supplies = [
        "----------- Power Supplies Status --------------",
        "PSU1_Status    . | Presence detected",
        "PSU2_Status    . | Presence detected",
        "CPU_Thermtrip  . | OK",
        "Watchdog       . | OK",
        "",
        "----------- Front Cooling Fans Status --------------",
    ];
    let fans = all(cx).into_iter().map(|(_, sensor)| sensor).filter(|it| it.unit == "RPM");
    let fan = |fan: Sensor| format!("{:<15}. | OK  | {:.0} RPM", fan.name, fan.value);
    let chassis = [
        "",
        "-------------- chassis status  -----------------",
        "System Power         : on",
        "Power Overload       : false",
        "Power Interlock      : inactive",
        "Main Power Fault     : false",
        "Power Control Fault  : false",
        "Power Restore Policy : previous",
        "Last Power Event     :",
        "Chassis Intrusion    : inactive",
        "Front-Panel Lockout  : inactive",
        "Drive Fault          : false",
        "Cooling/Fan Fault    : false",
        "Sleep Button Disable : not allowed",
        "Diag Button Disable  : not allowed",
        "Reset Button Disable : allowed",
        "Power Button Disable : allowed",
        "Sleep Button Disabled: false",
        "Diag Button Disabled : false",
        "Reset Button Disabled: false",
        "Power Button Disabled: false",
    ];
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    lines(&supplies).into_iter().chain(fans.map(fan)).chain(lines(&chassis)).collect()
}
