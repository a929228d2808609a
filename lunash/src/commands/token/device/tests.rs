//! The views against the product's pages.

use super::*;
use luna_shell::View;

fn details() -> Details {
    let [label, serial, firmware, model] =
        ["sa78backup", "496771", "6.2.3", "G5Backup"].map(str::to_owned);
    Details { label, serial, firmware, model }
}

/// From the product's page of `token backup list`.
#[test]
fn backup_hsms_are_listed_in_the_layout_of_the_product() {
    assert_eq!(
        Listed { tokens: vec![ListedToken { details: details(), slot: 1 }] }.text(),
        "  Token Details:
  ============
  Token Label:                        sa78backup
  Slot:                               1
  Serial #:                           496771
  Firmware:                           6.2.3
  HSM Model:                          G5Backup

"
    );
}

/// From the product's page of `token backup show`, with one of its five licences.
#[test]
fn a_backup_hsm_is_shown_in_the_layout_of_the_product() {
    let partition = |(serial, name): (&str, &str)| Partition {
        serial: serial.to_owned(),
        name: name.to_owned(),
    };
    let shown = Shown {
        details: details(),
        initialized: true,
        logged_in: true,
        login_attempts_left: Some(3),
        partitions_allowed: 20,
        partitions: [("496771005", "sa78par1backup"), ("496771010", "sa78par2backup")]
            .map(partition)
            .into(),
        storage_total: 16_252_928,
        storage_used: 32_752,
        storage_free: 16_220_176,
        licenses: vec![License {
            id: "001111-012".to_owned(),
            description: "G5 Backup Config - 001111-012".to_owned(),
        }],
    };
    assert_eq!(
        shown.text(),
        "
   Token Details:
   ============
   Token Label:                        sa78backup
   Serial #:                           496771
   Firmware:                           6.2.3
   HSM Model:                          G5Backup
   Authentication Method:              Password
   Token Admin login status:           Logged In
   Token Admin login attempts left:    3 before Token zeroization!

   Partition Information:
   ======================
   Partitions licensed on token:       20
   Partitions created on token:        2
   ----------------------
   Partition: 496771005,     Name: sa78par1backup
   Partition: 496771010,     Name: sa78par2backup

   Token Storage Information:
   ==========================
   Maximum Token Storage Space (Bytes):   16252928
   Space In Use (Bytes):                  32752
   Free Space Left (Bytes):               16220176

   License Information:
   ====================
   001111-012      G5 Backup Config - 001111-012

"
    );
}
