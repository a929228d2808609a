//! What the emulated disk reports of itself, as smartctl(8) writes it: all is well.

use crate::request::context::Context;
use crate::rules::status::machine;

/// Number, name, flags, value, threshold, whether a failure is near when it is passed, when it is
/// measured, and the raw value.
type Attribute = (u32, &'static str, u32, u32, u32, bool, &'static str, &'static str);

#[rustfmt::skip]
const ATTRIBUTES: [Attribute; 17] = [
    (1,   "Raw_Read_Error_Rate",     0x000b, 100, 16, true,  "Always",  "0"),
    (2,   "Throughput_Performance",  0x0005, 136, 54, true,  "Offline", "108"),
    (3,   "Spin_Up_Time",            0x0007, 131, 24, true,  "Always",  "227 (Average 228)"),
    (4,   "Start_Stop_Count",        0x0012, 100, 0,  false, "Always",  "14"),
    (5,   "Reallocated_Sector_Ct",   0x0033, 100, 5,  true,  "Always",  "0"),
    (7,   "Seek_Error_Rate",         0x000b, 100, 67, true,  "Always",  "0"),
    (8,   "Seek_Time_Performance",   0x0005, 128, 20, true,  "Offline", "18"),
    (9,   "Power_On_Hours",          0x0012, 100, 0,  false, "Always",  HOURS),
    (10,  "Spin_Retry_Count",        0x0013, 100, 60, true,  "Always",  "0"),
    (12,  "Power_Cycle_Count",       0x0032, 100, 0,  false, "Always",  "14"),
    (192, "Power-Off_Retract_Count", 0x0032, 100, 0,  false, "Always",  "185"),
    (193, "Load_Cycle_Count",        0x0012, 100, 0,  false, "Always",  "185"),
    (194, "Temperature_Celsius",     0x0002, 206, 0,  false, "Always",  "29 (Min/Max 23/35)"),
    (196, "Reallocated_Event_Count", 0x0032, 100, 0,  false, "Always",  "0"),
    (197, "Current_Pending_Sector",  0x0022, 100, 0,  false, "Always",  "0"),
    (198, "Offline_Uncorrectable",   0x0008, 100, 0,  false, "Offline", "0"),
    (199, "UDMA_CRC_Error_Count",    0x000a, 200, 0,  false, "Always",  "0"),
];

/// Stands for the hours, which grow with the emulated clock.
const HOURS: &str = "";
/// Hours that the disk had run before the appliance was first started.
const HOURS_BEFORE: u64 = 4385;

/// The lines of the report.
pub(crate) fn lines(cx: &Context<'_>) -> Vec<String> {
    let hours = (HOURS_BEFORE + machine::uptime(cx) / 3600).to_string();
    let head = [
        "=== START OF INFORMATION SECTION ===",
        "Device Model:     HGST HUS726020ALE611",
        "Serial Number:    N4G55WPS",
        "LU WWN Device Id: 5 000cca 245c25bfa",
        "Firmware Version: APGNV7J0",
        "Copyright (C) 2002-13, Bruce Allen, Christian Franke, www.smartmontools.org",
        "",
        "=== START OF READ SMART DATA SECTION ===",
        "SMART overall-health self-assessment test result: PASSED",
        "",
        "SMART Attributes Data Structure revision number: 16",
        "Vendor Specific SMART Attributes with Thresholds:",
        "ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED \
         RAW_VALUE",
    ];
    let attribute = |&(id, name, flag, value, least, near, when, raw): &Attribute| {
        let kind = if near { "Pre-fail" } else { "Old_age" };
        let raw: &str = if raw == HOURS { &hours } else { raw };
        format!(
            "{id:>3} {name:<23} {flag:#06x}   {value:03}   {value:03}   {least:03}    {kind:<9} \
             {when:<12} -       {raw}"
        )
    };
    let end = ["", "SMART Error Log Version: 1", "No Errors Logged"];
    head.into_iter()
        .map(str::to_owned)
        .chain(ATTRIBUTES.iter().map(attribute))
        .chain(end.map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use luna_rest::Nothing;
    use luna_rest::status::DISK_REPORT;

    use crate::test_machine::TestMachine;

    /// Lines of the product's documentation.
    #[test]
    fn attributes_are_written_as_the_tool_writes_them() {
        let lines = TestMachine::new().call(&DISK_REPORT, &[], &Nothing {}).lines;
        for line in [
            "  3 Spin_Up_Time            0x0007   131   131   024    Pre-fail  Always       -       \
             227 (Average 228)",
            "198 Offline_Uncorrectable   0x0008   100   100   000    Old_age   Offline      -       0",
        ] {
            assert!(lines.iter().any(|found| found == line), "{line}");
        }
    }
}
