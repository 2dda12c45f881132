package clickstream.job;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

/** Cuts a batch, a list in MessagePack, into its entries as they are in it. */
public final class SplitBatch implements FlatMapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public void flatMap(byte[] batch, Collector<byte[]> out) throws IOException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(batch)) {
            int size = unpacker.unpackArrayHeader();
            for (int number = 0; number < size; number++) {
                int from = (int) unpacker.getTotalReadBytes();
                unpacker.skipValue();
                out.collect(Arrays.copyOfRange(batch, from, (int) unpacker.getTotalReadBytes()));
            }
        }
    }
}
