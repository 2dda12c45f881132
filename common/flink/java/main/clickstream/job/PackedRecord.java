package clickstream.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Reads a Kafka record from bytes: timestamp (int64), length of the topic (int16), of the key (int32, -1 without one),
 * of the headers (int32); topic, key, headers, value. Each header has the lengths of name and value (int32 each) before
 * the two. Numbers are big-endian, texts UTF-8.
 *
 * <p>It also tells the sink the topics: pooled transactions need to know where an aborted job may have left some.
 */
public final class PackedRecord implements KafkaRecordSerializationSchema<byte[]>, KafkaDatasetFacetProvider {
    private static final long serialVersionUID = 1L;
    private final String[] topics;

    public PackedRecord(String[] topics) {
        this.topics = topics.clone();
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(byte[] packed, KafkaSinkContext context, Long eventTime) {
        ByteBuffer rest = ByteBuffer.wrap(packed);
        long timestamp = rest.getLong();
        int topicLength = rest.getShort();
        int keyLength = rest.getInt();
        int headersLength = rest.getInt();
        String topic = new String(next(rest, topicLength), UTF_8);
        byte[] key = keyLength < 0 ? null : next(rest, keyLength);
        ByteBuffer headers = ByteBuffer.wrap(next(rest, headersLength));
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, null, timestamp, key, next(rest, rest.remaining()));
        while (headers.hasRemaining()) {
            int nameLength = headers.getInt();
            int valueLength = headers.getInt();
            record.headers().add(new String(next(headers, nameLength), UTF_8), next(headers, valueLength));
        }
        return record;
    }

    private static byte[] next(ByteBuffer rest, int length) {
        byte[] bytes = new byte[length];
        rest.get(bytes);
        return bytes;
    }

    @Override
    public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
        return Optional.of(new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(topics))));
    }
}
