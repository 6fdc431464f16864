import alphaedge = require("@alphaedge/alphaedge");

const client: alphaedge.AlphaEdge = new alphaedge.AlphaEdge();
void client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hello!" }] });
