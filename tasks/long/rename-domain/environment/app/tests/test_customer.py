import unittest

from club.customer import Customer, find_customer, new_customer


class Customers(unittest.TestCase):
    def test_numbers_go_on(self):
        customers = [Customer(3, "Ada")]
        self.assertEqual(new_customer(customers, "Bo"), Customer(4, "Bo"))
        self.assertEqual(find_customer(customers, 3).name, "Ada")


if __name__ == "__main__":
    unittest.main()
