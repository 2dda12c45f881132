package clickstream.job;

import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * How far a partition has been read: up to its newest record, and up to the present when it has had none for a while.
 *
 * <p>The watermark of the source is then the time up to which every partition has been read, so that records of several
 * partitions can be put in order when a job catches up. The quiet time is measured by a clock that stands still while
 * the source is held back, for a partition from which nothing is taken is not quiet.
 */
public final class ReadUpTo<T> implements WatermarkGenerator<T> {
    private final LongSupplier activityClock;
    private final LongSupplier wallClock;
    private final long quietMs;
    private long newest = Long.MIN_VALUE;
    private long activeAt;

    ReadUpTo(LongSupplier activityClock, LongSupplier wallClock, long quietMs) {
        this.activityClock = activityClock;
        this.wallClock = wallClock;
        this.quietMs = quietMs;
        this.activeAt = activityClock.getAsLong();
    }

    @Override
    public void onEvent(T event, long eventTime, WatermarkOutput output) {
        newest = Math.max(newest, eventTime);
        activeAt = activityClock.getAsLong();
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
        if (activityClock.getAsLong() - activeAt > quietMs) {
            newest = Math.max(newest, wallClock.getAsLong() - quietMs);
        }
        if (newest != Long.MIN_VALUE) {
            // Another record of the same time may follow.
            output.emitWatermark(new Watermark(newest - 1));
        }
    }

    /** A partition is read up to the present after it has had no record for {@code quietMs}. */
    public static <T> WatermarkGeneratorSupplier<T> of(long quietMs) {
        return context -> new ReadUpTo<>(
                context.getInputActivityClock()::relativeTimeMillis, System::currentTimeMillis, quietMs);
    }
}
