import unittest

from club.member import Member, find_member, new_member


class Members(unittest.TestCase):
    def test_numbers_go_on(self):
        members = [Member(3, "Ada")]
        self.assertEqual(new_member(members, "Bo"), Member(4, "Bo"))
        self.assertEqual(find_member(members, 3).name, "Ada")


if __name__ == "__main__":
    unittest.main()
