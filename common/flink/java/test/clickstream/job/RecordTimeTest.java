package clickstream.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.clock.RelativeClock;
import org.apache.flink.util.clock.SystemClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordTimeTest {
    private static final byte[] ANY = {1};
    private static final long NOW = 1_700_000_000_000L;
    private static final long MINUTE = 60_000L;

    private long clock = NOW;
    private final Counter ahead = new SimpleCounter();
    private final RecordTime time = new RecordTime(() -> clock, 2_000, ahead);

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "1425168000000, 1425168000000, 0",
        "1699999999999, 1699999999999, 0",
        "1700000000000, 1700000000000, 0",
        "1700000000001, 1700000000000, 0",
        "1700000002000, 1700000000000, 0",
        "1700000002001, 1700000000000, 1",
        "1700003000000, 1700000000000, 1",
        "9223372036854775807, 1700000000000, 1",
        "-1, 1700000000000, 0",
        "-9223372036854775808, 1700000000000, 0",
    })
    void aTimeIsBelievedUpToTheClock(long kafka, long expected, long counted) {
        assertEquals(expected, time.extractTimestamp(ANY, kafka));
        assertEquals(counted, ahead.getCount());
    }

    @Test
    void theClockIsLookedAtAgainAsItGoesOn() {
        assertEquals(NOW, time.extractTimestamp(ANY, NOW + MINUTE));
        clock += MINUTE;
        assertEquals(NOW + MINUTE, time.extractTimestamp(ANY, NOW + MINUTE));
        clock += MINUTE;
        assertEquals(NOW + 2 * MINUTE, time.extractTimestamp(ANY, -1));
    }

    @Test
    void aClockThatIsSetBackIsBelieved() {
        assertEquals(NOW, time.extractTimestamp(ANY, NOW));
        clock -= MINUTE;
        assertEquals(NOW - MINUTE, time.extractTimestamp(ANY, NOW));
        assertEquals(NOW - MINUTE, time.extractTimestamp(ANY, NOW - MINUTE + 1));
        assertEquals(1, ahead.getCount());
    }

    @Test
    void noSequenceOfTimesIsEverAheadOfTheClock() {
        Random random = new Random(12);
        for (int step = 0; step < 100_000; step++) {
            clock += random.nextInt(9) - 3;
            long kafka = random.nextInt(4) == 0 ? random.nextLong() : clock + random.nextInt(7) - 3;
            long got = time.extractTimestamp(ANY, kafka);
            assertEquals(kafka < 0 ? clock : Math.min(kafka, clock), got);
        }
    }

    /** With Flink's own watermark generator, as in the job: per partition, with out-of-orderness and idleness. */
    @Test
    void theWatermarkStaysBehindTheClock() throws Exception {
        WatermarkStrategy<byte[]> strategy =
                WatermarkStrategy.<byte[]>forBoundedOutOfOrderness(Duration.ofMillis(2_000))
                        .withTimestampAssigner(copied(RecordTime.atMostNow(2_000)))
                        .withIdleness(Duration.ofMillis(30_000));
        TimestampAssigner<byte[]> assigner = strategy.createTimestampAssigner(UnregisteredMetricsGroup::new);
        Emitted emitted = new Emitted();
        WatermarkGenerator<byte[]> generator = strategy.createWatermarkGenerator(new Context());
        long before = System.currentTimeMillis();
        for (long wrong : new long[] {before + 50 * MINUTE, Long.MAX_VALUE, before}) {
            generator.onEvent(ANY, assigner.extractTimestamp(ANY, wrong), emitted);
            generator.onPeriodicEmit(emitted);
        }
        long last = emitted.watermarks.get(emitted.watermarks.size() - 1);
        assertEquals(true, last >= before - 2_001 && last <= System.currentTimeMillis() - 2_001, () -> "" + last);
    }

    /** Serialized and deserialized, as on its way from the client to the task managers. */
    @SuppressWarnings("unchecked")
    private static TimestampAssignerSupplier<byte[]> copied(TimestampAssignerSupplier<byte[]> supplier)
            throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(supplier);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (TimestampAssignerSupplier<byte[]>) in.readObject();
        }
    }

    private static final class Context
            implements org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier.Context {
        @Override
        public MetricGroup getMetricGroup() {
            return new UnregisteredMetricsGroup();
        }

        @Override
        public RelativeClock getInputActivityClock() {
            return SystemClock.getInstance();
        }
    }

    private static final class Emitted implements WatermarkOutput {
        private final List<Long> watermarks = new ArrayList<>();

        @Override
        public void emitWatermark(Watermark watermark) {
            watermarks.add(watermark.getTimestamp());
        }

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}
    }
}
