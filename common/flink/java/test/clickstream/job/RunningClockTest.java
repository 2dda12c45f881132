package clickstream.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.junit.jupiter.api.Test;

class RunningClockTest {
    private final List<Object> emitted = new ArrayList<>();
    private long now = 5_000;
    private long wall = 400_000_000;
    private final RunningClock<String> time = new RunningClock<>(() -> now, () -> wall, 100, 1_000, 10_000);
    private final WatermarkOutput output = new WatermarkOutput() {
        @Override
        public void emitWatermark(Watermark watermark) {
            emitted.add(watermark.getTimestamp());
        }

        @Override
        public void markIdle() {
            emitted.add("idle");
        }

        @Override
        public void markActive() {
            emitted.add("active");
        }
    };

    @Test
    void aPartitionThatNeverHadARecordIsIdle() {
        time.onPeriodicEmit(output);
        assertEquals(List.of("idle"), emitted);
    }

    @Test
    void itIsBehindTheNewestRecordByTheDisorder() {
        time.onEvent("a", 70_000, output);
        time.onEvent("b", 60_000, output);
        time.onPeriodicEmit(output);
        assertEquals(List.of(69_899L), emitted);
    }

    @Test
    void aQuietPartitionThatWasReadLateIsInThePresent() {
        wall = 78_000;
        time.onEvent("a", 70_000, output);
        time.onPeriodicEmit(output);
        now += 1_001;
        wall += 1_001;
        time.onPeriodicEmit(output);
        assertEquals(List.of(69_899L, 77_900L), emitted);
    }

    @Test
    void recordsThatTellNoTimeLeaveTheirPartitionIdle() {
        WatermarkGenerator<String> none = RunningClock.<String>none().createWatermarkGenerator(null);
        none.onEvent("a", 70_000, output);
        none.onPeriodicEmit(output);
        assertEquals(List.of("idle"), emitted);
    }

    @Test
    void itRunsOnWithTheClockWhileNoRecordComes() {
        time.onEvent("a", 70_000, output);
        now += 1_000;
        time.onPeriodicEmit(output);
        now += 500;
        time.onPeriodicEmit(output);
        now += 3_600_000;
        time.onPeriodicEmit(output);
        assertEquals(List.of(69_899L, 70_399L, 3_670_399L), emitted);
    }
}
