package clickstream.job;

import java.io.Serializable;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.metrics.Counter;

/**
 * Assigns a record's event time: its Kafka timestamp, but at most the present time of this machine. So event time and
 * the watermark are never ahead of the job's own clock, even if a producer's clock is. A record without a timestamp
 * (Kafka's -1, or any negative number, which no output record could have) gets the time at which it is read.
 */
public final class RecordTime implements TimestampAssigner<byte[]> {
    private final LongSupplier clock;
    private final long toleratedMs;
    private final Counter ahead;

    RecordTime(LongSupplier clock, long toleratedMs, Counter ahead) {
        this.clock = clock;
        this.toleratedMs = toleratedMs;
        this.ahead = ahead;
    }

    @Override
    public long extractTimestamp(byte[] value, long kafkaTimestamp) {
        // The clock is read for each record, which takes about 20 ns, because it may have been set back.
        long now = clock.getAsLong();
        if (kafkaTimestamp < 0) {
            return now;
        }
        if (kafkaTimestamp <= now) {
            return kafkaTimestamp;
        }
        if (kafkaTimestamp - now > toleratedMs) {
            ahead.inc();
        }
        return now;
    }

    /** The counter {@code events_ahead} counts records more than {@code toleratedMs} ahead of the clock. */
    public static TimestampAssignerSupplier<byte[]> atMostNow(long toleratedMs) {
        return new Supplier(toleratedMs);
    }

    private static final class Supplier implements TimestampAssignerSupplier<byte[]>, Serializable {
        private static final long serialVersionUID = 1L;
        private final long toleratedMs;

        Supplier(long toleratedMs) {
            this.toleratedMs = toleratedMs;
        }

        @Override
        public TimestampAssigner<byte[]> createTimestampAssigner(Context context) {
            Counter ahead = context.getMetricGroup().counter("events_ahead");
            return new RecordTime(System::currentTimeMillis, toleratedMs, ahead);
        }
    }
}
