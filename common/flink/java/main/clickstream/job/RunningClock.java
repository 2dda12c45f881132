package clickstream.job;

import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * A partition's event time: its newest record less the disorder, and while no record comes it runs on with the clock.
 *
 * <p>So what waits for a time ends when that time is over, though a quiet site sends no event that would say so, and a
 * partition that has stopped does not hold the others back. While a log of last year is replayed, the time stays that
 * log's. A partition that has never had a record has no time; it is idle until it has one.
 */
public final class RunningClock<T> implements WatermarkGenerator<T> {
    private final LongSupplier clock;
    private final long disorderMs;
    private final long quietMs;
    private long newest = Long.MIN_VALUE;
    private long readAt;

    RunningClock(LongSupplier clock, long disorderMs, long quietMs) {
        this.clock = clock;
        this.disorderMs = disorderMs;
        this.quietMs = quietMs;
    }

    @Override
    public void onEvent(T event, long eventTime, WatermarkOutput output) {
        newest = Math.max(newest, eventTime);
        readAt = clock.getAsLong();
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
        if (newest == Long.MIN_VALUE) {
            output.markIdle();
            return;
        }
        long quiet = Math.max(0, clock.getAsLong() - readAt - quietMs);
        output.emitWatermark(new Watermark(newest + quiet - disorderMs - 1));
    }

    /** Time runs on after a partition has been quiet for {@code quietMs}. */
    public static <T> WatermarkGeneratorSupplier<T> of(long disorderMs, long quietMs) {
        return context -> new RunningClock<>(() -> System.nanoTime() / 1_000_000, disorderMs, quietMs);
    }
}
