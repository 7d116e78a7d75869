"""The pages: server-rendered, working offline, each with a JSON twin. No decision is made here."""
