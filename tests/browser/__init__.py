"""The pages in a real Chromium, under the policy that Django uses to test its own admin."""
