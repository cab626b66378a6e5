"""What each recorded answer of Gemini says, read out of its file by eye."""

from __future__ import annotations

from tests.wires.said import Long, Said

RECORDED: dict[tuple[str, int], Said] = {
    ("audio-in-gemini-2-0-flash-crewai-1df497", 0): Said(
        "The audio appears to contain the sound of a sine wave. \n", usage=(62, 14, 0, 0)
    ),
    ("audio-in-gemini-2-5-flash-mirascope-5ac6a5", 0): Said(
        "LLM abstractions that aren't abstractions", usage=(91, 8 + 354, 0, 354)
    ),
    ("audio-in-gemini-2-5-flash-pydantic-ai-75cf2b", 0): Said(
        'The audio file contains a person speaking. They say, "Hello, my name is Marcelo."',
        usage=(214, 19 + 58, 0, 58),
        signatures=["CsgCAb4+"],
    ),
    ("audio-in-gemini-3-flash-preview-pydantic-ai-62170e", 0): Said(
        'The audio file is a 4-second recording of a man\'s voice. He says, "Hello, my name is Marcelo."',
        usage=(303, 28 + 175, 0, 175),
        signatures=["ErsECrgE"],
    ),
    ("chat-gemini-2-0-flash-langchaingo-4f9331", 0): Said("2 + 2 = 4\n", usage=(8, 8, 0, 0)),
    ("chat-gemini-2-5-flash-openinference-e50f5c", 0): Said(
        Long(300, "The sum of the first 50 prime numbers is 5117.\n", "211, 223, 227, 229."),
        usage=(75 + 573, 414 + 117, 0, 117),
    ),
    ("chat-gemini-3-flash-preview-ruby-llm-383d16", 0): Said(
        '{"name":"Ruby","age":25,"occupation":"Graphic Designer","location":"Chicago"}',
        usage=(24, 19 + 839, 0, 839),
        signatures=["EqkbCqYb"],
    ),
    ("chat-gemini-flash-latest-req-llm-92563f", 0): Said("Hi", usage=(9, 1, 0, 0)),
    ("chat-stream-gemini-2-0-flash-req-llm-0d43d4", 0): Said(
        Long(2051, "Here's a summary of major tech announcements", " employees to reduce expenses.\n"),
        usage=(8, 454, 0, 0),
    ),
    ("chat-stream-gemini-2-5-pro-pydantic-ai-aaa949", 0): Said(
        "The capital of France is Paris. The city is well-known for its famous landmarks, "
        "including the Eiffel Tower.",
        usage=(15 + 770, 37 + 742, 0, 742),
    ),
    ("chat-stream-gemini-3-5-flash-chatlas-4f56da", 0): Said(
        "The first movie listed on that page is ***The Phantom Menace***.",
        usage=(132 + 1355, 45 + 170, 0, 170),
        signatures=["ErcCCrQC"],
    ),
    ("chat-stream-gemini-flash-latest-llm-gemini-8893f8", 0): Said(
        "Hello! How can I help you today?", usage=(2, 9 + 179, 0, 179), signatures=["Er8GCrwG"]
    ),
    ("chat-tools-gemini-2-0-flash-langchaingo-257fc5", 0): Said(
        calls=[("calculate", {"expression": "15 * 7"})], finish="tool_calls", usage=(21, 7, 0, 0)
    ),
    ("chat-tools-gemini-2-0-flash-langchaingo-257fc5", 1): Said("15 * 7 is 105.\n", usage=(33, 12, 0, 0)),
    ("chat-tools-gemini-2-0-flash-lite-req-llm-89716f", 0): Said(
        calls=[("add", {"a": 2, "b": 3})], finish="tool_calls", usage=(37, 5, 0, 0)
    ),
    ("chat-tools-gemini-2-5-flash-fantasy-5b316b", 0): Said(
        thoughts=Long(535, "**Analyzing the Weather Query**\n", "the information they need.\n"),
        calls=[("weather", {"location": "Florence, Italy"})],
        finish="tool_calls",
        usage=(54, 15 + 54, 0, 54),
        signatures=["CpQCAb4+"],
    ),
    ("chat-tools-gemini-2-5-flash-fantasy-5b316b", 1): Said(
        "The weather in Florence, Italy is 40 C.", usage=(84, 12, 0, 0)
    ),
    ("chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2", 0): Said(
        calls=[("search_docs", {"query": "test"}), ("multiply", {"b": 3, "a": 5})],
        finish="tool_calls",
        usage=(194, 33 + 216, 0, 216),
        signatures=["CvIFAdHt"],
    ),
    ("chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2", 1): Said(
        calls=[("exec_python", {"code": "print(15)"})], finish="tool_calls", usage=(259, 18, 0, 0)
    ),
    ("chat-tools-gemini-flash-latest-req-llm-389052", 0): Said(
        calls=[("get_weather", {"location": "Paris, France"})], finish="tool_calls", usage=(142, 21, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-0-flash-001-braintrust-sdk-pyt-c5bd53", 0): Said(
        calls=[("get_weather", {"location": "Paris, France"})], finish="tool_calls", usage=(64, 7, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-0-flash-001-braintrust-sdk-pyt-c5bd53", 1): Said(
        "It is 22 degrees celsius and sunny in Paris, France.", usage=(85, 14, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-0-flash-openinference-8aa670", 0): Said(
        calls=[("get_weather", {"location": "San Francisco"})], finish="tool_calls", usage=(63, 6, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-5-flash-llm-gemini-71259b", 0): Said(
        thoughts=Long(236, "**Generating Pelican Names**\n", "an. It's a quick plan.\n\n\n"),
        calls=[("pelican_name_generator", {})],
        finish="tool_calls",
        usage=(32, 12 + 42, 0, 42),
        signatures=["ClgBEU0y"],
    ),
    ("chat-tools-stream-gemini-2-5-flash-llm-gemini-71259b", 1): Said(
        calls=[("pelican_name_generator", {})], finish="tool_calls", usage=(105, 13, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-5-flash-llm-gemini-71259b", 2): Said(
        "How about Charles and Sammy?", usage=(137, 6, 0, 0)
    ),
    ("chat-tools-stream-gemini-2-5-pro-fantasy-5ef831", 0): Said(
        calls=[("weather", {"location": "Florence, Italy"})],
        finish="tool_calls",
        usage=(54, 15 + 190, 0, 190),
        signatures=["CiIBvj72"],
    ),
    ("chat-tools-stream-gemini-2-5-pro-fantasy-5ef831", 1): Said(
        "The weather in Florence, Italy is 40 C.\n", usage=(274, 12, 0, 0)
    ),
    ("chat-tools-stream-gemini-3-5-flash-chatlas-d9666e", 0): Said(
        calls=[("double", {"x": 210.5})],
        finish="tool_calls",
        usage=(128, 16 + 158, 0, 158),
        signatures=["Er4ECrsE"],
    ),
    ("image-generation-gemini-2-5-flash-image-rig-0ec4cb", 0): Said(usage=(15, 1290, 0, 0)),
    ("pdf-gemini-2-0-flash-pydantic-ai-c6d253", 0): Said(
        "The document appears to be a dummy PDF file.\n", usage=(1305, 11, 0, 0)
    ),
    ("pdf-gemini-3-5-flash-ellmer-ed36b6", 0): Said(
        'The title of the document is **"Apples are tasty"**.',
        usage=(530, 14 + 149, 0, 149),
        signatures=["Et0ECtoE"],
    ),
    ("pdf-gemini-3-flash-preview-pydantic-ai-0421ec", 0): Said(
        calls=[("get_file", {"id": "input_file_0"})],
        finish="tool_calls",
        usage=(1459, 20 + 566, 0, 566),
        signatures=["EsEQCr4Q"],
    ),
    ("reasoning-gemini-2-5-flash-openinference-3e7d00", 0): Said(
        Long(1409, "Here's a step-by-step reasoning", "after the first train leaves."),
        Long(2192, "**Breaking Down the Train Problem**\n", "rs after Train 1 leaves.\n"),
        usage=(93, 398 + 768, 0, 768),
    ),
    ("reasoning-gemini-2-5-flash-rig-0ae626", 0): Said(
        Long(323, "To compute the 20th Fibonacci number, I will", "The 20th Fibonacci number is 6765."),
        Long(253, "**Defining Fibonacci Calculation**\n", "icient implementation.\n\n\n"),
        usage=(23 + 620, 278 + 315, 0, 315),
    ),
    ("reasoning-gemini-2-5-pro-pydantic-ai-e7be11", 0): Said(
        Long(3291, "Of course. That's an excellent analogy.", "technique to manage the hazard."),
        Long(2524, "**Analogies and River Crossings**\n", "le as crossing a street.\n"),
        usage=(1106, 778 + 1089, 0, 1089),
        signatures=["Co0kAdHt"],
    ),
    ("reasoning-gemini-3-flash-preview-ruby-llm-c0010f", 0): Said(
        "5 + 3 = 8",
        Long(306, "**A Simple Calculation**\n", " directly and move on.\n\n\n"),
        usage=(9, 7 + 33, 0, 33),
        signatures=["EsoBCscB"],
    ),
    ("reasoning-gemini-3-flash-preview-ruby-llm-c0010f", 1): Said(
        "8 \u00d7 2 = 16",
        Long(502, "**My Current Calculation**\n", "on't introduce errors.\n\n\n"),
        usage=(105, 8 + 47, 0, 47),
        signatures=["EvgBCvUB"],
    ),
    ("reasoning-stream-gemini-2-5-flash-preview-09--req-llm-85f84d", 0): Said(
        "\n*   *",
        Long(660, "**Considering Creative Greetings**\n", "in a limited space.\n\n\n"),
        finish="length",
        usage=(18, 1 + 170, 0, 170),
    ),
    ("reasoning-stream-gemini-2-5-flash-rig-a3d6d7", 0): Said(
        Long(283, "Here is the first execution", "(the sum of its digits) is 63."),
        Long(653, "**Calculating the Digits**\n", "ll state both numbers.\n\n\n"),
        usage=(91 + 898, 159 + 265, 0, 265),
    ),
    ("reasoning-stream-gemini-2-5-pro-pydantic-ai-283863", 0): Said(
        Long(1938, "This is a great question!", "Always assume a driver might not see you."),
        Long(1575, "**Clarifying User Goals**\n", "mstances or locations.\n\n\n"),
        usage=(34, 469 + 787, 0, 787),
        signatures=["CiIB0e2K"],
    ),
    ("reasoning-stream-gemini-3-flash-preview-ruby-llm-430508", 0): Said(
        Long(2671, "To see your future self i", "ing to change their mind."),
        Long(1464, "**Pondering Mirror Queries**\n", "amusement, or warning.\n\n\n"),
        usage=(44, 608 + 902, 0, 902),
        signatures=["ErAhCq0h"],
    ),
    ("structured-gemini-2-0-flash-langchaingo-e24c78", 0): Said('["red", "green", "blue"]', usage=(7, 9, 0, 0)),
    ("structured-gemini-2-0-flash-lite-req-llm-7bb138", 0): Said(
        '{\n  "age": 30,\n  "name": "John Doe",\n  "occupation": "Software Engineer"\n}', usage=(35, 30, 0, 0)
    ),
    ("structured-gemini-2-5-flash-pydantic-ai-4a46be", 0): Said(
        '{"pet":{"pet_type":"cat","meow_volume":5}}', usage=(14, 16 + 181, 0, 181)
    ),
    ("structured-gemini-flash-latest-llm-gemini-1d9bac", 0): Said(
        '{"name":"Bob","employer":{"company_name":"TechCorp"}}',
        Long(359, "**Initiating the JSON structure**\n", "n JSON representation.\n\n\n"),
        usage=(11, 14 + 381, 0, 381),
        signatures=["EsINCr8N"],
    ),
    ("tts-gemini-2-5-flash-preview-tts-ruby-llm-f0d398", 0): Said(usage=(11, 111, 0, 0)),
    ("vision-gemini-1-5-flash-langchaingo-54bdad", 0): Said(
        Long(260, "That's an emoji of a **yellow-crowned amazon parrot**.", "ange/red tail feathers).\n"),
        usage=(264, 61, 0, 0),
    ),
    ("vision-gemini-2-5-flash-pydantic-ai-d4e600", 0): Said(
        Long(396, "The image you provided is a close-up of a kiwi fruit", "fresh and natural."),
        usage=(345, 84 + 44, 0, 44),
        signatures=["CugBAb4+"],
    ),
    ("vision-gemini-2-5-flash-ruby-llm-364f69", 0): Said(
        Long(1101, "thought\nThe user asked me", "resembles a polished ruby."), usage=(340, 226, 0, 0)
    ),
    ("vision-gemini-3-flash-preview-rig-05ee03", 0): Said(
        "The dominant color in the image is red.",
        usage=(1278, 9 + 37, 0, 37),
        signatures=["signatur"],
    ),
}
