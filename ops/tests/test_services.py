def test_x():
    import os

    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as c:
        assert c.execute("show fsync").fetchone() == ("off",)
