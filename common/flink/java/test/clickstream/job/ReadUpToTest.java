package clickstream.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.junit.jupiter.api.Test;

class ReadUpToTest {
    private final List<Long> emitted = new ArrayList<>();
    private long activity = 5_000;
    private long wall = 400_000_000;
    private final ReadUpTo<String> time = new ReadUpTo<>(() -> activity, () -> wall, 1_000);
    private final WatermarkOutput output = new WatermarkOutput() {
        @Override
        public void emitWatermark(Watermark watermark) {
            emitted.add(watermark.getTimestamp());
        }

        @Override
        public void markIdle() {
            throw new AssertionError("an idle partition would not be waited for");
        }

        @Override
        public void markActive() {}
    };

    @Test
    void aPartitionWithoutRecordsIsWaitedForUntilItHasBeenQuiet() {
        time.onPeriodicEmit(output);
        activity += 1_000;
        time.onPeriodicEmit(output);
        assertEquals(List.of(), emitted);
        activity += 1;
        time.onPeriodicEmit(output);
        assertEquals(List.of(399_998_999L), emitted);
    }

    @Test
    void itIsReadUpToItsNewestRecord() {
        time.onEvent("a", 70_000, output);
        time.onEvent("b", 60_000, output);
        time.onPeriodicEmit(output);
        assertEquals(List.of(69_999L), emitted);
    }

    @Test
    void aQuietOneIsReadUpToThePresentAndDoesNotGoBack() {
        time.onEvent("a", 70_000, output);
        activity += 1_001;
        time.onPeriodicEmit(output);
        time.onEvent("b", 80_000, output);
        time.onPeriodicEmit(output);
        assertEquals(List.of(399_998_999L, 399_998_999L), emitted);
    }

    @Test
    void whileTheSourceIsHeldBackNoneIsQuiet() {
        time.onEvent("a", 70_000, output);
        wall += 3_600_000;
        time.onPeriodicEmit(output);
        assertEquals(List.of(69_999L), emitted);
    }
}
