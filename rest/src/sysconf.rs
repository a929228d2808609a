//! Settings: time, NTP, SSH, web server, configuration backups.
