"""What every Flink job of this project uses: property groups, source, sink, side outputs, metrics."""
