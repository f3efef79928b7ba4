"""Hand-over-hand locking along a linked list."""

import threading


class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next
        self.lock = threading.Lock()


def add_to_all(head, amount):
    node = head
    node.lock.acquire()
    while True:
        node.value += amount
        follower = node.next
        if follower is None:
            node.lock.release()
            return
        follower.lock.acquire()
        node.lock.release()
        node = follower


def test_list(thread_runner):
    tail = Node(3)
    head = Node(1, Node(2, tail))
    thread_runner.run(lambda: add_to_all(head, 10), lambda: add_to_all(head, 100))
    assert (head.value, head.next.value, tail.value) == (111, 112, 113)
