//! An emulated Luna Network HSM appliance: one process, one data folder, one appliance.
