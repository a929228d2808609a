//! Metrics in the text format of Prometheus, as node_exporter's textfile collector reads it.

use std::fmt::Write;

/// A metric: its samples stand together behind its HELP and TYPE lines.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: String,
}

/// Gauges, in the order in which they came up first.
#[derive(Default)]
pub(super) struct Metrics {
    families: Vec<Family>,
}

impl Metrics {
    /// Adds a sample.
    pub(super) fn gauge(
        &mut self,
        (name, help): (&'static str, &'static str),
        labels: &[(&str, &str)],
        value: f64,
    ) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let sample = format!("{name}{{{}}} {value}\n", labels.join(","));
        match self.families.iter_mut().find(|family| family.name == name) {
            Some(family) => family.samples.push_str(&sample),
            None => self.families.push(Family { name, help, samples: sample }),
        }
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Family { name, help, samples } in &self.families {
            // Writing to memory does not fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{samples}");
        }
        text
    }
}

/// A label's value, within its quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_metric_stand_together_and_labels_are_escaped() {
        let mut metrics = Metrics::default();
        let up = ("luna_up", "Whether it answered.");
        metrics.gauge(up, &[("appliance", "a\"b\\c\nd")], 1.0);
        metrics.gauge(("luna_battery_volts", "Volts."), &[("appliance", "x")], 3.093);
        metrics.gauge(up, &[("appliance", "x")], 0.0);
        assert_eq!(
            metrics.text(),
            "# HELP luna_up Whether it answered.\n# TYPE luna_up gauge\n\
             luna_up{appliance=\"a\\\"b\\\\c\\nd\"} 1\nluna_up{appliance=\"x\"} 0\n\
             # HELP luna_battery_volts Volts.\n# TYPE luna_battery_volts gauge\n\
             luna_battery_volts{appliance=\"x\"} 3.093\n"
        );
    }
}
