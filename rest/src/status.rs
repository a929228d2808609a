//! Measured values: processor, memory, disk, sensors.
