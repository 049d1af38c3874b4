"""Workers find each other as torch.distributed does, and add up a number of each.

    kubectl submit --workers 2 -- python rendezvous.py 40 2

Worker 0 listens on MASTER_PORT. The others connect to MASTER_ADDR; they try again for a while,
because pods start one after another. Worker RANK brings the argument of that number.
"""

import os
import socket
import sys
import time

PATIENCE = 60  # seconds


def serve(number: int, workers: int, port: int) -> int:
    """Take a number from each of the others, and tell all of them the sum."""
    total = number
    others: list[socket.socket] = []
    with socket.create_server(("", port)) as server:
        server.settimeout(PATIENCE)
        while len(others) < workers - 1:
            connection, _ = server.accept()
            total += int(connection.makefile().readline())
            others.append(connection)
    for connection in others:
        connection.sendall(f"{total}\n".encode())
        connection.close()
    return total


def ask(number: int, address: tuple[str, int]) -> int:
    """Give our number to worker 0, and get the sum."""
    with connect(address) as connection:
        connection.sendall(f"{number}\n".encode())
        return int(connection.makefile().readline())


def connect(address: tuple[str, int]) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(address)
        except OSError:  # nobody listens yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main() -> None:
    rank, workers = int(os.environ["NODE_RANK"]), int(os.environ["NNODES"])
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    number = int(sys.argv[1 + rank])
    total = serve(number, workers, port) if rank == 0 else ask(number, (host, port))
    print(f"worker {rank} brought {number}, the sum is {total}")


if __name__ == "__main__":
    main()
