"""int8.tflite, int8_images.npy and int8_classes.json: a small network that TensorFlow quantized, images, and the classes
that its interpreter gives for them. Usage: make_int8.py OUT; needs tensorflow."""
import json, os, sys
import keras, numpy as np, tensorflow as tf
from keras import layers as L
out = sys.argv[1]
keras.utils.set_random_seed(7)
rng = np.random.default_rng(7)
prototypes = rng.integers(0, 256, (5, 6, 6))
def draw(count):
    y = rng.integers(0, 5, count)
    return np.clip(prototypes[y] + rng.normal(0, 90, (count, 6, 6)), 0, 255).astype('uint8'), y
x, y = draw(2000)
model = keras.Sequential([keras.Input((6, 6)), L.Rescaling(1 / 255.), L.Flatten(), L.Dense(12, activation='relu'), L.BatchNormalization(),
                          L.Dense(8), L.BatchNormalization(), L.ReLU(), L.Dense(5, activation='softmax')])
model.compile(loss='sparse_categorical_crossentropy', optimizer='adam')
model.fit(x.astype('float32'), y, epochs=3, verbose=0)
converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([image[None].astype('float32')] for image in x[:200])
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
file = converter.convert()
open(os.path.join(out, 'int8.tflite'), 'wb').write(file)
interpreter = tf.lite.Interpreter(model_content=file)
interpreter.allocate_tensors()
images, labels = draw(400)
np.save(os.path.join(out, 'int8_images.npy'), images)
classes = []
for image in images:
    interpreter.set_tensor(interpreter.get_input_details()[0]['index'], image[None].astype('float32'))
    interpreter.invoke()
    classes.append(int(interpreter.get_tensor(interpreter.get_output_details()[0]['index'])[0].argmax()))
json.dump(classes, open(os.path.join(out, 'int8_classes.json'), 'w'))
print(len(file), np.mean(np.array(classes) == labels))
