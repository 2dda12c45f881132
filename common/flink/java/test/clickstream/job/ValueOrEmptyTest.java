package clickstream.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ValueOrEmptyTest {
    private final ValueOrEmpty schema = new ValueOrEmpty();
    private final List<byte[]> collected = new ArrayList<>();

    @Test
    void aValueIsHandedOnAsItIs() {
        byte[] value = {'{', '}'};
        read(value);
        assertEquals(1, collected.size());
        assertSame(value, collected.get(0));
    }

    @Test
    void aRecordWithoutAValueIsAnEmptyOne() {
        read(null);
        read(new byte[0]);
        assertEquals(2, collected.size());
        assertArrayEquals(new byte[0], collected.get(0));
        assertArrayEquals(new byte[0], collected.get(1));
    }

    @Test
    void itsTypeIsThatOfPlainBytesAsBefore() {
        assertSame(
                BytePrimitiveArraySerializer.INSTANCE,
                schema.getProducedType().createSerializer(new SerializerConfigImpl()));
    }

    private void read(byte[] value) {
        schema.deserialize(new ConsumerRecord<>("raw", 0, 0L, null, value), new Collector<byte[]>() {
            @Override
            public void collect(byte[] each) {
                collected.add(each);
            }

            @Override
            public void close() {}
        });
    }
}
