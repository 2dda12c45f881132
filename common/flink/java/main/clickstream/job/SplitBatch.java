package clickstream.job;

import java.nio.ByteBuffer;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/**
 * Cuts a batch into its entries. Each has its length in front (int32, big-endian), and is handed on without it.
 */
public final class SplitBatch implements FlatMapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public void flatMap(byte[] batch, Collector<byte[]> out) {
        ByteBuffer rest = ByteBuffer.wrap(batch);
        while (rest.hasRemaining()) {
            byte[] entry = new byte[rest.getInt()];
            rest.get(entry);
            out.collect(entry);
        }
    }
}
