package clickstream.job;

import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * A partition's event time: its newest record less the disorder, and while no record comes it runs on with the clock.
 *
 * <p>So what waits for a time ends when that time is over, though a quiet site sends no event that would say so. A quiet
 * partition whose newest record is of the last days has nothing more to send: its time is then the present, so that it
 * does not hold the others back by what it was behind when it was read. While a log of last year is replayed, the time
 * stays that log's. A partition that has never had a record has no time; it is idle until it has one.
 */
public final class RunningClock<T> implements WatermarkGenerator<T> {
    private final LongSupplier clock;
    private final LongSupplier wallClock;
    private final long disorderMs;
    private final long quietMs;
    private final long presentMs;
    private long newest = Long.MIN_VALUE;
    private long readAt;

    RunningClock(LongSupplier clock, LongSupplier wallClock, long disorderMs, long quietMs, long presentMs) {
        this.clock = clock;
        this.wallClock = wallClock;
        this.disorderMs = disorderMs;
        this.quietMs = quietMs;
        this.presentMs = presentMs;
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
        long time = newest + quiet;
        long present = wallClock.getAsLong() - quietMs;
        if (quiet > 0 && present > time && present - time <= presentMs) {
            time = present;
        }
        output.emitWatermark(new Watermark(time - disorderMs - 1));
    }

    /**
     * Time runs on after a partition has been quiet for {@code quietMs}; where its newest record is of the last {@code
     * presentMs}, it is then the present.
     */
    public static <T> WatermarkGeneratorSupplier<T> of(long disorderMs, long quietMs, long presentMs) {
        return context -> new RunningClock<>(
                () -> System.nanoTime() / 1_000_000, System::currentTimeMillis, disorderMs, quietMs, presentMs);
    }

    /** For records that tell no time: their partitions are idle always. */
    public static <T> WatermarkGeneratorSupplier<T> none() {
        return context -> new WatermarkGenerator<>() {
            @Override
            public void onEvent(T event, long eventTime, WatermarkOutput output) {}

            @Override
            public void onPeriodicEmit(WatermarkOutput output) {
                output.markIdle();
            }
        };
    }
}
