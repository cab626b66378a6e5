"""What each recorded answer of Cohere (v2 chat) says, read out of its file by eye.

Usage is ``tokens``, pictures added, of which cached and reasoning are parts.
"""

from __future__ import annotations

from tests.wires.said import Long, Said

RECORDED: dict[tuple[str, int], Said] = {
    ("chat-command-a-03-2025-rig-26322e", 0): Said(
        "Rain is nature's way of watering the earth.", usage=(503, 13, 448, 0)
    ),
    ("chat-command-a-03-2025-rig-831a1b", 0): Said("alpha", usage=(505, 9, 448, 0)),
    ("chat-command-openllmetry-8e6ea7", 0): Said(
        Long(289, "Arrrr, matey! Shiver me timbers, here\u2019s", "I couldn\u2019t help but cry."),
        usage=(69, 89, 0, 0),
    ),
    ("chat-command-r-langchain-cohere-01dc3e", 0): Said("The sky is green.", usage=(693, 42, 0, 0)),
    ("chat-command-r7b-12-2024-pydantic-ai-ba205d", 0): Said(
        "Hello! How can I assist you today?", usage=(496, 11, 0, 0)
    ),
    ("chat-stream-command-a-03-2025-rig-afee94", 0): Said(
        Long(65, "(a)\na)\na)\n", "\na)(a)a)\na)\na)(a)"), finish="length", usage=(553, 64, 480, 0)
    ),
    ("chat-stream-command-openllmetry-14d40a", 0): Said(
        Long(271, "Arrrr, matey! Shiver me timbers, here's a pirate", " ye any time soon. Avast!"),
        usage=(69, 89, 0, 0),
    ),
    ("chat-stream-command-r-08-2024-openllmetry-3beedb", 0): Said(
        Long(172, "$colorful socks are a vib", "to express individuality."), usage=(212, 36, 208, 0)
    ),
    ("chat-tools-command-a-03-2025-rig-ccdde1", 0): Said(
        thoughts="I will use one or more of the available tools to find the answer",
        calls=[("subtract", {"x": 11, "y": 6})],
        finish="tool_calls",
        usage=(1494, 39, 992, 0),
    ),
    ("chat-tools-command-a-03-2025-rig-f42618", 0): Said(
        thoughts="I will use the subtract tool to calculate 2 - 5.",
        calls=[("subtract", {"x": 2, "y": 5})],
        finish="tool_calls",
        usage=(1610, 56, 112, 0),
    ),
    ("chat-tools-command-a-03-2025-rig-f42618", 1): Said("The result of 2 - 5 is -3.", usage=(1699, 24, 1536, 0)),
    ("chat-tools-command-a-03-2025-ruby-llm-efa14f", 0): Said(
        thoughts="I will roll the dice three times.",
        calls=[("dice_roll", {}), ("dice_roll", {}), ("dice_roll", {})],
        finish="tool_calls",
        usage=(1490, 94, 112, 0),
    ),
    ("chat-tools-command-a-03-2025-ruby-llm-efa14f", 1): Said(
        "Here are the results of the three dice rolls:\n- 1\n- 2\n- 3", usage=(1703, 55, 992, 0)
    ),
    ("chat-tools-command-a-reasoning-08-2025-langchain-cohere-ffaf59", 0): Said(
        thoughts=Long(1305, "Okay, the user is asking for the weather in", "th location set to Osaka."),
        calls=[("get_the_weather", {"location": "Osaka"})],
        finish="tool_calls",
        usage=(1494, 330, 1008, 0),
    ),
    ("chat-tools-command-r-langchain-cohere-ded023", 0): Said(
        thoughts="I will use the Person tool to create a person with the name Erick and age 27, and then relay "
        "this information to the user.",
        calls=[("Person", {"age": 27, "name": "Erick"})],
        finish="tool_calls",
        usage=(906, 77, 0, 0),
    ),
    ("chat-tools-stream-command-a-03-2025-rig-bd2665", 0): Said(
        thoughts="I will use the subtract tool to calculate 2 - 5.",
        calls=[("subtract", {"x": 2, "y": 5})],
        finish="tool_calls",
        usage=(1600, 56, 992, 0),
    ),
    ("chat-tools-stream-command-a-03-2025-rig-bd2665", 1): Said(
        "The result of 2 - 5 is -3.", usage=(1689, 24, 1568, 0)
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-447b3e", 0): Said(
        thoughts="I will use the weather tool to find the weather in Berlin.",
        calls=[("weather", {"latitude": "52.5200", "longitude": "13.4050"})],
        finish="tool_calls",
        usage=(1508, 67, 1472, 0),
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-447b3e", 1): Said(
        "The current weather in Berlin is 15°C with winds of 10 km/h.", usage=(1645, 33, 1600, 0)
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-447b3e", 2): Said(
        thoughts="I will use the weather tool to find the weather in Paris.",
        calls=[("weather", {"latitude": "48.8575", "longitude": "2.3514"})],
        finish="tool_calls",
        usage=(1698, 66, 1616, 0),
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-447b3e", 3): Said(
        "The current weather in Paris is 15°C with winds of 10 km/h.", usage=(1833, 24, 1792, 0)
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-687e74", 0): Said(
        thoughts="I will use the best_language_to_learn tool to find the best language to learn.",
        calls=[("best_language_to_learn", {})],
        finish="tool_calls",
        usage=(1476, 58, 1376, 0),
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-687e74", 1): Said(
        "Ruby is the best language to learn.", usage=(1563, 22, 1376, 0)
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-687e74", 2): Said(
        calls=[("best_language_to_learn", {})], finish="tool_calls", usage=(1591, 38, 992, 0)
    ),
    ("chat-tools-stream-command-a-03-2025-ruby-llm-687e74", 3): Said(
        "Ruby is the best language to learn.", usage=(1678, 11, 1440, 0)
    ),
    ("chat-tools-stream-command-a-reasoning-08-2025-rig-c666da", 0): Said(
        thoughts=Long(1276, "Okay, let's see. The user wants", "execute the subtraction."),
        calls=[("subtract", {"x": 2, "y": 5})],
        finish="tool_calls",
        usage=(1501, 346, 1008, 304),
    ),
    ("pdf-command-a-plus-05-2026-ruby-llm-0e114e", 0): Said(
        Long(254, "According to the knowledge base search results", 'Yukihiro Matsumoto in 1993."'),
        Long(265, "Great! I found the answer in the knowledge base.", "this source as requested."),
        usage=(379, 164, 144, 54),
    ),
    ("pdf-command-r-langchain-cohere-ed4501", 0): Said(
        "The value of magic_function(3) is 5.", usage=(939, 57, 0, 0)
    ),
    ("reasoning-command-a-plus-05-2026-ruby-llm-fe91d1", 0): Said(
        Long(174, "According to the document, Ruby was created by", 'Yukihiro Matsumoto in 1993."'),
        Long(150, "The document clearly states that Ruby", "directly using this information."),
        usage=(510, 99, 144, 29),
    ),
    ("reasoning-command-a-reasoning-08-2025-ruby-llm-eca29a", 0): Said(
        "The sum of 5 and 3 is 8.",
        Long(162, "The user is asking for the sum of 5 and 3.", "calculate the result directly."),
        usage=(1394, 55, 1360, 38),
    ),
    ("reasoning-command-a-reasoning-08-2025-ruby-llm-eca29a", 1): Said(
        "16", Long(615, "Okay, the user first asked, ", "I can handle internally."), usage=(1431, 152, 1392, 145)
    ),
    ("reasoning-stream-command-a-plus-05-2026-ruby-llm-c6b426", 0): Said(
        Long(170, "According to the document", " designed to make programmers happy and productive."),
        Long(146, "The document clearly states that Ruby was", "using this information."),
        usage=(508, 86, 144, 28),
    ),
    ("structured-command-a-03-2025-ruby-llm-7f4030", 0): Said('{"name":"Alice","age":28}', usage=(614, 13, 480, 0)),
    ("structured-command-r-langchain-cohere-1ef82e", 0): Said(
        '{   "name": "John",\n        "age": 30\n    }', usage=(92, 17, 0, 0)
    ),
    ("structured-command-r-langchain-cohere-7d3c50", 0): Said(
        '{   "name": "John",\n        "age": 30\n    }', usage=(92, 17, 0, 0)
    ),
    ("vision-command-a-plus-05-2026-ruby-llm-24fd32", 0): Said(
        Long(309, "I see a red gemstone or ruby-like object", "The background is white."),
        usage=(34 + 259, 70, 0, 0),
    ),
    ("vision-command-a-vision-07-2025-langchain-cohere-c4ab45", 0): Said(
        Long(305, "I'm sorry, but I can't provide a comparison", "I'll do my best to assist you."),
        usage=(501 + 518, 65, 480, 0),
    ),
    ("vision-command-a-vision-07-2025-langchain-cohere-d4f3a9", 0): Said(
        Long(558, "The image you've provided is quite abstract", "s open to interpretation."),
        usage=(502 + 259, 113, 480, 0),
    ),
    ("vision-command-a-vision-07-2025-langchain-cohere-f50504", 0): Said(
        Long(284, "The image you've provided is a solid red square.", "details, feel free to ask!"),
        usage=(499 + 259, 59, 480, 0),
    ),
}
