"""Parts that several Flink jobs use: property groups, record times, exactly-once sink, side outputs, metrics."""
